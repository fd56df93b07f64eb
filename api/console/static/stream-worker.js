// One stream for all windows of a browser: it may have six connections to a host, and each window would take one.
const ports = new Set();
let source = null;
function start() {
  source = new EventSource('/api/v1/stream');
  const pass = (kind) => (event) => { for (const port of ports) port.postMessage({kind, data: event.data ? JSON.parse(event.data) : {}}); };
  for (const kind of ['ticket', 'views', 'presence', 'reset']) source.addEventListener(kind, pass(kind));
  source.addEventListener('open', pass('open'));
  source.addEventListener('error', () => {
    for (const port of ports) port.postMessage({kind: 'lost', data: {}});
    if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(() => { if (ports.size) start(); }, 3000); }
  });
}
self.addEventListener('connect', ({ports: [port]}) => {
  ports.add(port);
  port.addEventListener('message', ({data}) => {
    if (data !== 'leave') return;
    ports.delete(port);
    if (!ports.size) { source?.close(); source = null; }
  });
  port.start();
  if (!source) start();
  else if (source.readyState === EventSource.OPEN) port.postMessage({kind: 'open', data: {}});
});
