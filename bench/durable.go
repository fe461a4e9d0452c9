package main

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/parley-chat/parley/bench/durable"
)

// onDisk measures Parley with its log on disk, each figure beside one of the disk's own.
func onDisk(args []string) (err error) {
	f := flag.NewFlagSet("bench durable", flag.ContinueOnError)
	rounds := f.Int("rounds", 5, "runs of each measurement; medians are printed")
	window := f.Duration("window", 3*time.Second, "of each run")
	messages := f.Int("messages", 1_000_000, "in the archive that is paged through and searched")
	parent := f.String("folder", "", "where to put the databases: on the disk that is to be measured; empty: the system's folder for such")
	if err := f.Parse(args); err != nil {
		return err
	}
	d := &diskBench{rounds: *rounds, window: *window, messages: *messages}
	if d.folder, err = os.MkdirTemp(*parent, "bench-durable-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(d.folder)) }()
	if err := goBuild(".", "./cmd/parley", "parley")(d.folder); err != nil {
		return err
	}
	return errors.Join(d.sends(), d.delays(), d.archive())
}

type diskBench struct {
	rounds   int
	window   time.Duration
	messages int
	folder   string
}

// serve starts a server on a data folder for one measurement.
func (d *diskBench) serve(data string, measure func(addr string) error) error {
	p, err := start([]string{filepath.Join(d.folder, "parley"), "serve", "--listen", "127.0.0.1:0", "--store", "sqlite",
		"--data", filepath.Join(d.folder, data), "--rate", "off"})
	if err != nil {
		return err
	}
	err = measure(p.addr)
	if stopped := p.stop(); err != nil || stopped != nil {
		return errors.Join(err, stopped, p.log.said())
	}
	return nil
}

// sends compares, round by round, what is acknowledged over sockets with the bare driver's own commits.
func (d *diskBench) sends() error {
	bare, err := durable.OpenBare(filepath.Join(d.folder, "bare"))
	if err != nil {
		return err
	}
	defer bare.Close() //nolint:errcheck // of a temporary folder
	fmt.Println("acknowledged sends with keys, 64 sessions:")
	for _, ahead := range []int{1, 8, 32} {
		var acked, by64, by1 []float64
		for round := range d.rounds {
			err := d.serve(fmt.Sprintf("sends-%d-%d", ahead, round), func(addr string) error {
				n, err := durable.Sends(addr, 64, ahead, d.window)
				acked = append(acked, n)
				return err
			})
			if err != nil {
				return err
			}
			grouped, err := bare.Rows(64, d.window/2)
			if err != nil {
				return err
			}
			single, err := bare.Rows(1, d.window/2)
			if err != nil {
				return err
			}
			by64, by1 = append(by64, acked[round]/grouped), append(by1, acked[round]/single)
		}
		fmt.Printf("  %2d on their way each: %8.0f/s, × driver by 64: %.2f, × driver by 1: %.1f\n", ahead, middle(acked), middle(by64), middle(by1))
	}
	return nil
}

// delays measures a room that isn't full, beside an fsync of its own on the same disk.
func (d *diskBench) delays() error {
	p := durable.Pace{Readers: 100, Senders: 16, PerSecond: 1000, Window: d.window}
	quantiles := map[string]map[float64][]time.Duration{}
	for round := range d.rounds {
		data := fmt.Sprint("delays-", round)
		err := d.serve(data, func(addr string) error {
			seen, err := durable.Delayed(addr, filepath.Join(d.folder, data), p)
			for name, all := range map[string]durable.Delays{"ack": seen.Ack, "last": seen.Last, "fsync": seen.Fsync} {
				if quantiles[name] == nil {
					quantiles[name] = map[float64][]time.Duration{}
				}
				for _, q := range []float64{0.5, 0.99} {
					quantiles[name][q] = append(quantiles[name][q], all.Quantile(q))
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("%d sends a second to %d readers:\n", p.PerSecond, p.Readers)
	for _, row := range [][2]string{{"ack", "from send to answer"}, {"last", "from send to the last reader"}, {"fsync", "an fsync of a page beside it"}} {
		fmt.Printf("  %-30s p50 %8v  p99 %8v\n", row[1], round(middle(quantiles[row[0]][0.5])), round(middle(quantiles[row[0]][0.99])))
	}
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

// archive pages through and searches many messages.
func (d *diskBench) archive() error {
	began := time.Now()
	if err := durable.Fill(filepath.Join(d.folder, "archive"), d.messages); err != nil {
		return err
	}
	fmt.Printf("an archive of %d messages, written in %v:\n", d.messages, time.Since(began).Round(time.Second))
	return d.serve("archive", func(addr string) error {
		indexed, took, err := durable.Searches(addr, 100*d.rounds)
		if err != nil {
			return err
		}
		fmt.Printf("  all of it can be found %v after the start\n", indexed.Round(time.Millisecond))
		var all durable.Delays
		for _, kind := range slices.Sorted(maps.Keys(took)) {
			all = append(all, took[kind]...)
			fmt.Printf("  search for %-34s p50 %8v  p99 %8v\n", kind, round(took[kind].Quantile(0.5)), round(took[kind].Quantile(0.99)))
		}
		fmt.Printf("  %-45s p50 %8v  p99 %8v\n", "search", round(all.Quantile(0.5)), round(all.Quantile(0.99)))
		var smalls, larges durable.Delays
		for range d.rounds {
			small, large, err := durable.Pages(addr, d.messages, 1000)
			if err != nil {
				return err
			}
			smalls, larges = append(smalls, small...), append(larges, large...)
		}
		fmt.Printf("  %-45s p50 %8v  p99 %8v\n", "page of 50 in a room of 1,000", round(smalls.Quantile(0.5)), round(smalls.Quantile(0.99)))
		fmt.Printf("  %-45s p50 %8v  p99 %8v, × small: %.2f\n", fmt.Sprint("page of 50 in a room of ", d.messages),
			round(larges.Quantile(0.5)), round(larges.Quantile(0.99)), float64(larges.Quantile(0.99))/float64(smalls.Quantile(0.99)))
		return nil
	})
}
