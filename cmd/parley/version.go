package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// version is set for releases: go build -ldflags "-X main.version=v1.2.3".
var version string

type versionCommand struct{}

func (versionCommand) run(s streams) int {
	printVersion(s.out)
	return exitOK
}

// versionFlag is the same for those who try it first.
type versionFlag bool

// BeforeReset is called by kong where the flag is given.
func (versionFlag) BeforeReset(ctx *kong.Context) error {
	printVersion(ctx.Stdout)
	return errShown
}

func printVersion(out io.Writer) {
	fmt.Fprintf(out, "parley %s %s %s/%s\n", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// versionName is the release, else what the Go tool noted of the build: the
// module's version for go install, the commit for a build in a work tree.
func versionName() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return buildName(info)
}

func buildName(info *debug.BuildInfo) string {
	name := info.Main.Version
	if name == "" || name == "(devel)" {
		name = "devel"
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				name += "-" + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return name
}
