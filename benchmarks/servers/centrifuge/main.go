// A relay on centrifuge, the library that Centrifugo is made of: its memory engine.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/centrifugal/centrifuge"
)

func connecting(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	credentials := &centrifuge.Credentials{UserID: "bench"}
	return centrifuge.ConnectReply{Credentials: credentials}, nil
}

func connected(client *centrifuge.Client) {
	client.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
		reply(centrifuge.SubscribeReply{}, nil)
	})
	client.OnPublish(func(_ centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
		reply(centrifuge.PublishReply{}, nil)
	})
}

func main() {
	config := centrifuge.DefaultConfig
	config.LogLevel = centrifuge.LogLevelError
	config.LogHandler = func(entry centrifuge.LogEntry) { println(entry.Message) }
	node, err := centrifuge.New(config)
	if err != nil {
		panic(err)
	}
	node.OnConnecting(connecting)
	node.OnConnect(connected)
	if err := node.Run(); err != nil {
		panic(err)
	}
	anyOrigin := centrifuge.WebsocketConfig{
		CheckOrigin: func(*http.Request) bool { return true },
	}
	http.Handle("/connection/websocket", centrifuge.NewWebsocketHandler(node, anyOrigin))
	panic(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
