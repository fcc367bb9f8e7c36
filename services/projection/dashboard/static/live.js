// Hearing of changes as they happen, and saying so when nothing can be heard.

const PATIENCE_MS = 2000; // a rolling restart is over by then, and nobody need know of it

/**
 * Follow a programme's changes: `changed(position)` for each, `connected()`, and `lost(since)` once
 * the line has been dead for a while. Answers whether the line is open.
 */
export function follow(programme, { changed, connected, lost }) {
  let source;
  let pause = 1000;
  let since = null;
  let patience = 0;

  const dead = () => {
    if (since) return;
    since = new Date();
    patience = setTimeout(() => lost(since), PATIENCE_MS);
  };
  const connect = () => {
    source = new EventSource(`/v1/stream?programme=${encodeURIComponent(programme)}`);
    source.addEventListener('open', () => {
      clearTimeout(patience);
      since = null;
      pause = 1000;
      connected();
    });
    source.addEventListener('progress', (event) => changed(JSON.parse(event.data).position));
    source.addEventListener('error', () => {
      dead();
      // The browser comes back by itself from a broken line, but not from a refusal.
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, pause);
      pause = Math.min(pause * 2, 30000);
    });
  };
  connect();
  return () => source.readyState === EventSource.OPEN;
}

/** Run `act` now, or `every` ms after it last began; never twice at once. */
export function coalesced(act, every) {
  let began = -Infinity;
  let timer = null;
  let running = false;
  let again = false;

  const run = async () => {
    timer = null;
    running = true;
    began = performance.now();
    try {
      await act();
    } finally {
      running = false;
      if (again) {
        again = false;
        soon();
      }
    }
  };
  const soon = () => {
    if (running) again = true;
    else timer ??= setTimeout(run, Math.max(0, began + every - performance.now()));
  };
  return soon;
}
