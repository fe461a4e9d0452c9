// Command build bundles the web page from web/src into web/dist, which is
// committed, so that a plain `go build` embeds it. It needs nothing but Go:
// the bundler is a Go library, and the npm sources stand in third_party/npm.
//
//	go run ./web/build          write web/dist
//	go run ./web/build -check   compare web/dist with what would be written
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	check := flag.Bool("check", false, "compare web/dist with the sources instead of writing it")
	flag.Parse()
	if err := run(".", *check); err != nil {
		fmt.Fprintln(os.Stderr, "web/build:", err)
		os.Exit(1)
	}
}

// run works on the repository at root.
func run(root string, check bool) error {
	files, err := bundle(root)
	if err != nil {
		return err
	}
	if check {
		return compare(root, files)
	}
	return write(root, files)
}
