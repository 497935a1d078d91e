-- up
CREATE TABLE orders (
  id TEXT PRIMARY KEY,
  product TEXT NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  customer TEXT NOT NULL,
  placed_at TEXT NOT NULL
) STRICT;
CREATE INDEX orders_by_time ON orders (placed_at);

-- down
DROP TABLE orders;
