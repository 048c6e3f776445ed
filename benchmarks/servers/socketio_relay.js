// A relay on socket.io, as its documentation writes one: a room a chat, acknowledged.
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const http = createServer();
const io = new Server(http, { transports: ["websocket"] });
io.on("connection", (socket) => {
  const { chat, role } = socket.handshake.query;
  socket.join(chat);
  socket.on("msg", ({ body }, acknowledge) => {
    socket.to(chat).emit("msg", { from: role, body });
    acknowledge();
  });
});
http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 });
