// Node's own `http`, in the place of `import 'node:http'`: an import looks at all that it exports, and the look at its
// WebSocket loads undici whole, 30 ms of each cold start (node/lib/http.js, lazyUndici; lib/internal/bootstrap/realm.js,
// syncExports). Nothing looks here.
module.exports = process.getBuiltinModule('node:http');
