package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

func Example() {
	ctx := context.Background()
	c, err := client.New("https://chat.example", client.Options{Name: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	go func() { _ = c.Run(ctx) }()
	if _, err := c.Join(ctx, protocol.Join{Room: "lobby"}); err != nil {
		log.Fatal(err)
	}
	for item, err := range c.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		switch item := item.(type) {
		case client.Event:
			fmt.Printf("%d %s: %s\n", item.Seq, item.User.Name, item.Text)
		case client.Reset:
			fmt.Println("the history is another one now")
		case client.Disconnected:
			fmt.Println(item.Err)
		}
	}
}

func ExampleClient_Send() {
	var c *client.Client // that runs
	written, err := c.Send(context.Background(), protocol.Send{Room: "lobby", Text: "hello"})
	if refusal, ok := errors.AsType[*protocol.Error](err); ok && refusal.Code == protocol.CodeForbidden {
		fmt.Println("that room is not ours to write in")
	}
	fmt.Println("stored, as", written.Seq)
}

// A program with a screen shows a message at once, and marks it when it is stored.
func ExampleClient_Post() {
	var c *client.Client // that runs
	m, err := c.Post(protocol.Send{Room: "lobby", Text: "hello"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sending", m.Key, m.Text)
	go func() {
		if _, err := m.Wait(context.Background()); err != nil {
			fmt.Println("refused", m.Key, err)
			return
		}
		fmt.Println("sent", m.Key)
	}()
}

// Users of a product come with its tokens. An hourly one is renewed in time.
func ExampleOptions_token() {
	token := func(ctx context.Context) (string, error) {
		return "a JWT from the product's own server", nil
	}
	c, err := client.New("https://chat.example", client.Options{Token: token})
	if err != nil {
		log.Fatal(err)
	}
	_ = c.Run(context.Background())
}
