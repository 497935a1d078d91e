/** One change to the tree: a text replaced in a file, or a file added. Paths are relative to the shop. */
export type Edit = { file: string; from: string; to: string } | { add: string; content: string };

/** What the walk-through changes and breaks, each undone by `restore`. */
export const edits: Readonly<Record<string, { says: string; edits: readonly Edit[] }>> = {
  'change-marketing': {
    says: 'The front page of marketing has a new headline.',
    edits: [
      { file: 'services/marketing/content/index.md', from: '# Made for wet hands', to: '# Made for wet winters' },
    ],
  },
  'change-brand': {
    says: 'The shop has a new tagline, which admin and marketing share.',
    edits: [
      { file: 'shared/brand.json', from: 'Sturdy things for small boats.', to: 'Small things for sturdy boats.' },
    ],
  },
  'change-backend': {
    says: 'The backend lists its products by title.',
    edits: [
      { file: 'services/backend/src/orders.ts', from: 'FROM products ORDER BY id', to: 'FROM products ORDER BY title' },
    ],
  },
  'new-version': {
    says: 'The backend calls itself 1.1.0, and does what it did.',
    edits: [{ file: 'services/backend/package.json', from: '"version": "1.0.0"', to: '"version": "1.1.0"' }],
  },
  'break-requests': {
    says: 'One request in five for the list of products fails, and the health check sees nothing of it.',
    edits: [
      {
        file: 'services/backend/src/handle-request.ts',
        from: 'export interface Answer {',
        to: 'let asked = 0;\n\nexport interface Answer {',
      },
      {
        file: 'services/backend/src/handle-request.ts',
        from: "    case 'GET /products':\n      return",
        to: "    case 'GET /products':\n      if (++asked % 5 === 0) throw new Error('the shelf is empty');\n      return",
      },
    ],
  },
  'ask-before-half': {
    says: 'On staging, a canary of the backend waits for a person before it gets half of the traffic.',
    edits: [
      {
        file: 'environments/staging.ts',
        from: '{ weight: 20, hold: ',
        to: '{ weight: 20, pause: true, hold: ',
      },
    ],
  },
  'break-pages': {
    says: 'One page in five of the admin fails, and the health check sees nothing of it.',
    edits: [
      {
        file: 'services/admin/src/server.ts',
        from: 'let stopping = false;',
        to: 'let asked = 0;\nlet stopping = false;',
      },
      {
        file: 'services/admin/src/server.ts',
        from: "    case '/products':\n      return",
        to: "    case '/products':\n      if (++asked % 5 === 0) throw new Error('the page is torn');\n      return",
      },
    ],
  },
  'break-build': {
    says: 'The backend no longer compiles.',
    edits: [{ file: 'services/backend/src/orders.ts', from: '  quantity: number;', to: '  quantity: ;' }],
  },
  'break-health': {
    says: "The backend's health check reads a table that does not exist.",
    edits: [
      {
        file: 'services/backend/src/handle-request.ts',
        from: 'AS products FROM products',
        to: 'AS products FROM goods',
      },
    ],
  },
  'break-after-migration': {
    says: 'A migration adds a column for gift notes, and the backend writes to it under a wrong name.',
    edits: [
      {
        add: 'services/backend/migrations/003-gift-notes.sql',
        content:
          '-- up\nALTER TABLE orders ADD COLUMN gift_note TEXT;\n\n-- down\nALTER TABLE orders DROP COLUMN gift_note;\n',
      },
      {
        file: 'services/backend/src/orders.ts',
        from: "'INSERT INTO orders (id, product, quantity, customer, placed_at) VALUES (?, ?, ?, ?, ?)'",
        to: "'INSERT INTO orders (id, product, quantity, customer, placed_at, gift_notes) VALUES (?, ?, ?, ?, ?, NULL)'",
      },
    ],
  },
};
