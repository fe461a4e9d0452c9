// Command parrot repeats what people tell it to: "parrot hello" in the room general
// makes it say hello. docs/client.md explains it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"sync"

	"github.com/parley-chat/parley/client"
	"github.com/parley-chat/parley/protocol"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := parrot(ctx, "http://localhost:8080", "parrot.json")
	stop()
	if !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func parrot(ctx context.Context, server, file string) error {
	c, err := client.New(server, client.Options{Name: "parrot", Storage: client.FileStorage(file)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = c.Run(ctx) }) // Events tells its error, too
	defer running.Wait()
	defer cancel()

	if _, err := c.Join(ctx, protocol.Join{Room: "general"}); err != nil {
		return err
	}
	me := ""
	for item, err := range c.Events(ctx) {
		if err != nil {
			return err
		}
		switch item := item.(type) {
		case client.Connected:
			me = item.User.ID
		case client.Disconnected:
			log.Printf("%v; trying again in %s", item.Err, item.Retry)
		case client.Event:
			words, told := strings.CutPrefix(item.Text, "parrot ")
			if !told || item.Kind != protocol.KindMessage || item.User.ID == me {
				continue
			}
			_, err := c.Send(ctx, protocol.Send{
				Room: item.Room, Text: words, ReplyTo: item.Seq,
				Key: fmt.Sprintf("answer %d %d", item.Seq, item.TS),
			})
			if err != nil {
				log.Printf("not said: %v", err)
			}
		}
	}
	return nil
}
