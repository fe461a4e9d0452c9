package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	source  = "web/src"
	dist    = "web/dist"
	modules = "third_party/npm/node_modules"
)

// bundle returns the files of dist by their slash-separated names. The same
// sources give the same bytes, wherever they stand: names are made from
// contents, and nothing holds a path or a time.
func bundle(root string) (map[string][]byte, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	page, err := bundlePage(root)
	if err != nil {
		return nil, err
	}
	client, err := bundleClient(root)
	if err != nil {
		return nil, err
	}
	maps.Copy(page, client)
	return page, nil
}

// bundleClient returns the client that other pages import. Its name is one that
// they can write down.
func bundleClient(root string) (map[string][]byte, error) {
	result := api.Build(options(root, api.BuildOptions{
		EntryPoints:       []string{"client/connect.ts"},
		Outfile:           filepath.Join(root, dist, "parley.js"),
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
	}))
	if err := failed(result.Errors); err != nil {
		return nil, err
	}
	// Its types are written by hand, for people to read, and stand for themselves.
	types, err := os.ReadFile(filepath.Join(root, source, "client/types.ts"))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"parley.js": result.OutputFiles[0].Contents, "parley.d.ts": types}, nil
}

func bundlePage(root string) (map[string][]byte, error) {
	out := filepath.Join(root, dist)
	result := api.Build(options(root, api.BuildOptions{
		EntryPoints: []string{"main.tsx", "icon.svg"},
		EntryNames:  "assets/[name]-[hash]",
		Outdir:      out,

		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		LegalComments:     api.LegalCommentsNone, // LICENSE files stand beside the sources
	}))
	if err := failed(result.Errors); err != nil {
		return nil, err
	}

	files := make(map[string][]byte)
	page, err := os.ReadFile(filepath.Join(root, source, "index.html"))
	if err != nil {
		return nil, err
	}
	html := string(page)
	places := map[string]string{".js": "{{script}}", ".css": "{{style}}", ".svg": "{{icon}}"}
	for _, f := range result.OutputFiles {
		name, err := filepath.Rel(out, f.Path)
		if err != nil {
			return nil, err
		}
		name = filepath.ToSlash(name)
		place, ok := places[path.Ext(name)]
		if !ok || !strings.Contains(html, place) {
			return nil, fmt.Errorf("index.html has no place for %s", name)
		}
		html = strings.Replace(html, place, name, 1)
		files[name] = f.Contents
	}
	if strings.Contains(html, "{{") {
		return nil, errors.New("index.html has a place that no file fills")
	}
	files["index.html"] = []byte(html)
	return files, nil
}

// options adds to o how the page's sources are read, wherever they go to.
func options(root string, o api.BuildOptions) api.BuildOptions {
	o.AbsWorkingDir = filepath.Join(root, source)
	o.NodePaths = []string{filepath.Join(root, modules)}
	o.TsconfigRaw = "{}" // the checker's settings are no business of the bundle
	o.Bundle = true
	o.Format = api.FormatESModule
	o.Target = api.ES2022
	o.Engines = []api.Engine{
		{Name: api.EngineChrome, Version: "111"},
		{Name: api.EngineFirefox, Version: "121"},
		{Name: api.EngineSafari, Version: "16.4"},
	}
	o.JSX = api.JSXAutomatic
	o.JSXImportSource = "preact"
	o.Loader = map[string]api.Loader{".svg": api.LoaderCopy}
	return o
}

func failed(messages []api.Message) error {
	if len(messages) == 0 {
		return nil
	}
	lines := api.FormatMessages(messages, api.FormatMessagesOptions{Kind: api.ErrorMessage})
	return errors.New(strings.TrimSpace(strings.Join(lines, "")))
}
