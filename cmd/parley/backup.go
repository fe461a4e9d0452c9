package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/store/sqlite"
)

// dataFlag says which server's rooms a command is about.
type dataFlag struct {
	Data string `default:"./parley-data" placeholder:"FOLDER" help:"Data folder of the server; ${default} unless given."`
}

type backupCommand struct {
	File string `arg:"" help:"File to make. One that is there already is left alone."`
	dataFlag
}

// Help is printed by kong.
func (backupCommand) Help() string {
	return `Copies every room as it is at one moment; a server that runs on the folder goes on writing. The copy
is read through before it gets its name, so the file is there whole or not at all. Run it as the user
that runs the server. It exits with 0 once the backup is on disk, with 1 if there is none, with 2 for
a wrong command.

Examples:

    parley backup parley-2026-11-24.db
    parley backup --data /var/lib/parley /mnt/backup/parley-$(date +%F).db`
}

func (c *backupCommand) run(s streams) int {
	return keepHouse(s, func(ctx context.Context) error {
		start, p := time.Now(), newProgress(s.err, "copying")
		held, err := sqlite.Backup(ctx, c.Data, c.File, p.show)
		p.end()
		if err != nil {
			return errors.Join(err, c.elsewhere())
		}
		_, err = fmt.Fprintf(s.out, "%s holds %s\n", c.File, summary(held, time.Since(start)))
		return err
	})
}

type restoreCommand struct {
	File string `arg:"" help:"Backup to put there."`
	dataFlag
}

// Help is printed by kong.
func (restoreCommand) Help() string {
	return `Reads the backup through, then puts it into the folder, which is made at need. A folder that has a
database is left alone. The next parley serve on it goes on from there, with a new epoch for every room,
since people may have seen what was said after the backup. It exits with 0 once all is on
disk, with 1 if nothing was restored, with 2 for a wrong command.

Examples:

    parley restore parley-2026-11-24.db
    parley restore --data /var/lib/parley /mnt/backup/parley-2026-11-24.db`
}

func (c *restoreCommand) run(s streams) int {
	return keepHouse(s, func(ctx context.Context) error {
		start, p := time.Now(), newProgress(s.err, "copying")
		held, err := sqlite.Restore(ctx, c.File, c.Data, p.show)
		p.end()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s holds %s\n", c.Data, summary(held, time.Since(start)))
		return err
	})
}

// elsewhere says that the settings of the environment keep rooms in no folder, if that
// is so.
func (f dataFlag) elsewhere() error {
	value, err := config.ReadStore(os.Getenv("PARLEY_STORE"))
	s := config.Serve{Store: value}
	if err != nil || !s.Shared() {
		return nil //nolint:nilerr // that variable is no matter of this command's
	}
	return fmt.Errorf("(PARLEY_STORE keeps rooms in %s and not in %s: what belongs to that backs them up)", s.StoreName(), f.Data)
}

func summary(c sqlite.Contents, took time.Duration) string {
	return fmt.Sprintf("%d rooms, %d events, %d bytes; %.1f seconds", c.Rooms, c.Events, c.Bytes, took.Seconds())
}

// keepHouse does something that Ctrl-C stops, and says why it failed.
func keepHouse(s streams, do func(context.Context) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends it at once
	err := do(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, syscall.EPIPE):
		// Whoever read our output has seen enough, and knows.
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(s.err, "parley: stopped before it was done")
	default:
		fmt.Fprintf(s.err, "parley: %v\n", err)
	}
	return exitFailed
}
