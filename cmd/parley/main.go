// Command parley is a real-time chat: its server and a client for the terminal.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/parley-chat/parley/internal/config"
)

// Exit codes. Scripts rely on them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	os.Exit(run(os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is what can stand behind parley.
type commands struct {
	Serve   serveCommand   `cmd:"" help:"Run a chat server, with its web page."`
	Join    joinCommand    `cmd:"" help:"Chat in the terminal, or send what a pipe brings."`
	Backup  backupCommand  `cmd:"" help:"Copy what a server keeps into a file, while it runs."`
	Restore restoreCommand `cmd:"" help:"Put a backup into an empty data folder."`
	Export  exportCommand  `cmd:"" help:"Print messages as JSON, a line each."`
	Bench   benchCommand   `cmd:"" help:"Measure what a server carries."`
	Token   tokenCommand   `cmd:"" help:"End what lets people in."`
	Doctor  doctorCommand  `cmd:"" help:"Look at a deployment, and say what to fix."`
	Version versionCommand `cmd:"" help:"Print the version."`
	Help    helpCommand    `cmd:"" help:"Print the help of a command."`

	ShowHelp    helpFlag    `name:"help" short:"h" help:"Print this help."`
	ShowVersion versionFlag `name:"version" help:"Print the version."`
}

// runner is what every command is. It returns the exit code.
type runner interface {
	run(s streams) int
}

// run reads the command line and runs its command.
func run(args []string, s streams) int {
	if len(args) == 0 {
		fmt.Fprint(s.out, welcome)
		return exitOK
	}
	selected, err := parse(args, s)
	switch {
	case errors.Is(err, errShown):
		return exitOK
	case err != nil:
		command := ""
		var parse *kong.ParseError
		if errors.As(err, &parse) && parse.Context.Selected() != nil {
			command = strings.TrimPrefix(parse.Context.Selected().FullPath(), "parley ")
		}
		return usage(s, command, err)
	}
	return selected.run(s)
}

const welcome = `Parley is a real-time chat. To start one here, with its web page:

  parley serve

Then open http://localhost:8080, or join from another terminal:

  parley join

More: parley --help
`

func parse(args []string, s streams) (runner, error) {
	var c commands
	options := append(config.KongOptions(),
		kong.Name("parley"),
		kong.Description("A real-time chat in one program: server, web page and terminal client."),
		kong.Writers(s.out, s.err),
		kong.NoDefaultHelp(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	parser, err := kong.New(&c, options...)
	if err != nil {
		return nil, err
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		return nil, err
	}
	// A flag at the end of the line, without its value, is an empty one to kong;
	// of a number, it complains by itself.
	for _, given := range ctx.Path {
		if given.Flag != nil && !given.Resolved && given.Flag.Target.IsZero() && !given.Flag.Target.CanInt() {
			return nil, fmt.Errorf("--%s needs a value", given.Flag.Name)
		}
	}
	return ctx.Selected().Target.Addr().Interface().(runner), nil
}

// usage says what is wrong with the command line, a line for each thing.
func usage(s streams, command string, err error) int {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(s.err, "parley: %s\n", strings.TrimSuffix(line, "\n"))
	}
	help := "parley --help"
	if command != "" {
		help = "parley " + command + " --help"
	}
	fmt.Fprintf(s.err, "%s tells more\n", help)
	return exitUsage
}

// helpFlag prints the help of the command that it is given to, before anything
// that is wrong with the rest of the line is complained of.
type helpFlag bool

var errShown = errors.New("what a flag asks for is shown")

// BeforeReset is called by kong where the flag is given.
func (helpFlag) BeforeReset(ctx *kong.Context) error {
	if err := ctx.PrintUsage(false); err != nil {
		return err
	}
	return errShown
}

type helpCommand struct {
	Command []string `arg:"" optional:"" help:"Of which command; of parley itself without one."`
}

func (h *helpCommand) run(s streams) int {
	return run(append(h.Command, "--help"), s)
}
