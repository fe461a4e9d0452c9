// Command bench measures chat servers side by side:
//
//	go run ./bench peers      Parley, the same chat on other libraries, and the machine's limit
//	go run ./bench cluster    one node and three on PostgreSQL and Redis, which it starts
//	go run ./bench durable    Parley with parley.v1 and its log on disk, beside the disk's own figures
//
// peers builds what it measures, starts each server in turn on a free port of the
// loopback, takes several rounds (one run of each server a round, so that all meet
// the same moods of the machine), and writes a report with medians, and ratios
// taken within the rounds.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "peers":
			return peers(ctx, args[1:])
		case "cluster":
			return cluster(ctx, args[1:])
		case "durable":
			return onDisk(args[1:])
		}
	}
	return errors.New("want a command: peers, cluster or durable")
}
