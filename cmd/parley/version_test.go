package main

import (
	"runtime/debug"
	"testing"
)

func TestABuildIsNamed(t *testing.T) {
	revision := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.2.3":             {Main: debug.Module{Version: "v1.2.3"}},
		"devel":              {Main: debug.Module{Version: "(devel)"}},
		"devel-0123456789ab": {Settings: revision},
	} {
		if got := buildName(info); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
