package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// write replaces dist by files.
func write(root string, files map[string][]byte) error {
	dir := filepath.Join(root, dist)
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, content := range files {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// compare says each way in which dist differs from files.
func compare(root string, files map[string][]byte) error {
	committed, err := read(filepath.Join(root, dist))
	if err != nil {
		return err
	}
	var differences []error
	for name, content := range files {
		switch have, ok := committed[name]; {
		case !ok:
			differences = append(differences, fmt.Errorf("%s/%s is missing", dist, name))
		case !bytes.Equal(have, content):
			differences = append(differences, fmt.Errorf("%s/%s is not what web/src gives", dist, name))
		}
	}
	for name := range committed {
		if _, ok := files[name]; !ok {
			differences = append(differences, fmt.Errorf("%s/%s comes from nothing in web/src", dist, name))
		}
	}
	if len(differences) == 0 {
		return nil
	}
	slices.SortFunc(differences, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(append(differences, errors.New("run `go run ./web/build` and commit web/dist"))...)
}

func read(dir string) (map[string][]byte, error) {
	files := make(map[string][]byte)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	return files, err
}
