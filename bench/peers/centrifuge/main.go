// Command centrifuge is a chat server on github.com/centrifugal/centrifuge, the
// library under Centrifugo: a room is a channel, with the memory broker and
// without history. It speaks that library's own protocol, as JSON:
//
//	{"id":1,"connect":{"data":{"username":"ada"}}}
//	{"id":2,"subscribe":{"channel":"lobby"}}     each member hears a join
//	{"id":3,"publish":{"channel":"lobby","data":{"text":"hello"}}}
//
// A publication's data is {"username":…,"text":…,"timestamp":…}. It has no rate
// limit, since a benchmark measures what is left without one.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/centrifugal/centrifuge"
)

const heartbeat = 30 * time.Second

// message is what a room hears. The order of the fields is the order on the wire.
type message struct {
	Username  string `json:"username"`
	Text      string `json:"text"`
	Timestamp int64  `json:"timestamp"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "address; port 0 picks a free one")
	quiet := flag.Bool("quiet", false, "tell nobody who joins and leaves: for rooms in which that is all that is sent")
	delay := flag.Duration("write-delay", 0, "gather what a session is to hear for so long; 0 writes at once what there is")
	flag.Parse()

	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(_ context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		who := message{Username: "Anonymous"}
		if len(e.Data) > 0 {
			if err := json.Unmarshal(e.Data, &who); err != nil {
				return centrifuge.ConnectReply{}, centrifuge.ErrorBadRequest
			}
		}
		return centrifuge.ConnectReply{
			Credentials: &centrifuge.Credentials{UserID: who.Username},
			// As many messages in one frame as there are, and one timer instead of a
			// goroutine for each session: what its documentation offers for many messages.
			MaxMessagesInFrame: -1,
			WriteDelay:         *delay,
			WriteWithTimer:     *delay > 0,
		}, nil
	})
	node.OnConnect(func(c *centrifuge.Client) {
		c.OnSubscribe(func(_ centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
			reply(centrifuge.SubscribeReply{Options: centrifuge.SubscribeOptions{
				EmitJoinLeave: !*quiet,
				PushJoinLeave: !*quiet,
			}}, nil)
		})
		c.OnPublish(func(e centrifuge.PublishEvent, reply centrifuge.PublishCallback) {
			result, err := publish(node, c, e)
			reply(centrifuge.PublishReply{Result: &result}, err)
		})
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", l.Addr())
	log.Fatal(http.Serve(l, centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{ //nolint:gosec // no timeouts are needed on the loopback
		// Both save memory where many sessions are idle.
		UseWriteBufferPool:         true,
		ProcessCommandsOffReadLoop: true,
		WriteTimeout:               heartbeat, // a benchmark's generator may be slow, and is no reason to cut anyone off
		PingPongConfig:             centrifuge.PingPongConfig{PingInterval: heartbeat},
	})))
}

// publish lets a member speak, as a chat server does that reads what it passes on.
func publish(node *centrifuge.Node, c *centrifuge.Client, e centrifuge.PublishEvent) (centrifuge.PublishResult, error) {
	if !c.IsSubscribed(e.Channel) {
		return centrifuge.PublishResult{}, centrifuge.ErrorPermissionDenied
	}
	said := message{}
	if err := json.Unmarshal(e.Data, &said); err != nil {
		return centrifuge.PublishResult{}, centrifuge.ErrorBadRequest
	}
	data, err := json.Marshal(message{c.UserID(), said.Text, time.Now().UnixMilli()})
	if err != nil {
		return centrifuge.PublishResult{}, err
	}
	return node.Publish(e.Channel, data)
}
