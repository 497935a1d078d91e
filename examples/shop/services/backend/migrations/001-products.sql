-- up
CREATE TABLE products (
  id TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  price INTEGER NOT NULL CHECK (price > 0),
  stock INTEGER NOT NULL CHECK (stock >= 0)
) STRICT;
INSERT INTO products (id, title, price, stock) VALUES
  ('rope', 'Mooring rope, 10 m', 2450, 400),
  ('lamp', 'Brass cabin lamp', 8900, 120),
  ('mug', 'Enamel mug', 1250, 900);

-- down
DROP TABLE products;
