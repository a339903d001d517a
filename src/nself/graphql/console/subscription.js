// One subscription over a websocket of its own (graphql-transport-ws), as the observable that GraphiQL understands.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 8000;

/**
 * A connection that was lost is made anew until somebody stops; `onLost` and `onBack` say so.
 * One that the server refused (it closes with a code of 4000 or more) is not.
 */
export function subscription({ url, headers, payload, onLost, onBack }) {
  return {
    subscribe(observer) {
      let socket, timer, wait = FIRST_WAIT_MS, lost = false, over = false;
      const end = (tell) => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        if (lost) onBack();
        tell();
        socket.close(1000);
      };
      const hear = (message) => {
        switch (message.type) {
          case "connection_ack":
            wait = FIRST_WAIT_MS;
            if (lost) onBack();
            lost = false;
            return socket.send(JSON.stringify({ id: "1", type: "subscribe", payload }));
          case "ping":
            return socket.send(JSON.stringify({ type: "pong" }));
          case "next":
            return observer.next(message.payload);
          case "error":
            observer.next({ errors: message.payload });
            return end(() => observer.complete());
          case "complete":
            return end(() => observer.complete());
        }
      };
      const connect = () => {
        socket = new WebSocket(url, "graphql-transport-ws");
        socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init", payload: { headers } }));
        socket.onmessage = (event) => hear(JSON.parse(event.data));
        socket.onclose = ({ code, reason }) => {
          if (over) return;
          if (code >= 4000) return end(() => observer.error(new Error(`${code}: ${reason}`)));
          lost = true;
          onLost();
          timer = setTimeout(connect, wait);
          wait = Math.min(2 * wait, LONGEST_WAIT_MS);
        };
      };
      connect();
      return { unsubscribe: () => end(() => {}) };
    },
  };
}
