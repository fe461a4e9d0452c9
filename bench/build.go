package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// errLeftOut is of a server that this machine can't run, for a reason that is
// nobody's fault.
var errLeftOut = errors.New("left out")

func leftOut(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errLeftOut, fmt.Sprintf(format, args...))
}

// goBuild builds once what several servers of the table share.
func goBuild(dir, pkg, name string) func(string) error {
	return func(bin string) error {
		program := filepath.Join(bin, name)
		if _, err := os.Stat(program); err == nil {
			return nil
		}
		return runIn(dir, "go", "build", "-o", program, pkg)
	}
}

// npmInstall needs no script to run: whatever is native comes as a binary.
func npmInstall(dir string) func(string) error {
	return func(string) error {
		if _, err := exec.LookPath("npm"); err != nil {
			return leftOut("it wants Node 20 or newer, with npm")
		}
		if installed(dir) {
			return nil
		}
		return runIn(dir, "npm", "ci", "--ignore-scripts", "--omit=optional", "--silent", "--no-audit", "--no-fund")
	}
}

// installed says whether npm has put everything there since the lock file changed:
// it writes down last what it did.
func installed(dir string) bool {
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return false
	}
	done, err := os.Stat(filepath.Join(dir, "node_modules/.package-lock.json"))
	return err == nil && !done.ModTime().Before(lock.ModTime())
}

// installUWS keeps what somebody has installed from GitHub, and asks which
// uWebSockets.js this machine can load: its binaries want a certain libc.
func installUWS(dir string, install func(string) error) func(string) error {
	return func(bin string) error {
		if _, err := os.Stat(filepath.Join(dir, "node_modules/uWebSockets.js")); err != nil {
			if err := install(bin); err != nil {
				return err
			}
		}
		out, err := exec.Command("node", filepath.Join(dir, "server.js"), "--which").CombinedOutput() //nolint:gosec // ours
		if err != nil {
			return leftOut("no uWebSockets.js can be loaded here: %s", strings.TrimSpace(string(out)))
		}
		fmt.Printf("uws is %s\n", strings.TrimSpace(string(out)))
		return nil
	}
}

func compile(dir, name string) func(string) error {
	return func(bin string) error {
		if _, err := exec.LookPath("cc"); err != nil {
			return leftOut("it wants a C compiler called cc, and Linux")
		}
		sources, err := filepath.Glob(filepath.Join(dir, "*.c"))
		if err != nil {
			return err
		}
		return runIn(".", append([]string{"cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-o", filepath.Join(bin, name)}, sources...)...)
	}
}

func runIn(dir string, args ...string) error {
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec // one of those above
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}
