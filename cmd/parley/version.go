package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// version is set for releases: go build -ldflags "-X main.version=v1.2.3".
var version string

type versionCommand struct{}

func (versionCommand) run(s streams) int {
	fmt.Fprintf(s.out, "parley %s %s %s/%s\n", versionName(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
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
