package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// file is a settings file.
type file struct {
	path   string
	values map[string]any
	lines  map[string]int // key → the line that it stands on
}

func readFile(path string) (*file, error) {
	text, err := readText(path)
	if err != nil {
		return nil, fmt.Errorf("settings file %s: %w", path, err)
	}
	f := &file{path: path, values: map[string]any{}, lines: map[string]int{}}
	if err := toml.Unmarshal([]byte(text), &f.values); err != nil {
		var parse toml.ParseError
		if errors.As(err, &parse) {
			return nil, fmt.Errorf("settings file %s line %d: %s", path, parse.Position.Line, parse.Message)
		}
		return nil, fmt.Errorf("settings file %s: %w", path, err)
	}
	// The TOML library tells no lines of keys. The file is flat, so that the
	// first line which begins like a key is the one.
	for i, line := range strings.Split(text, "\n") {
		if m := keyLine.FindStringSubmatch(line); m != nil && f.lines[m[1]] == 0 {
			f.lines[m[1]] = i + 1
		}
	}
	return f, nil
}

var keyLine = regexp.MustCompile(`^\s*\[?\s*["']?([A-Za-z0-9_-]+)`)

// name is how an error speaks of a key of the file.
func (f *file) name(key string) string {
	if line := f.lines[key]; line > 0 {
		return fmt.Sprintf("%s in %s line %d", key, f.path, line)
	}
	return fmt.Sprintf("%s in %s", key, f.path)
}

// unknownKeys is an error for each key that is none of known.
func (f *file) unknownKeys(known []string) []error {
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		if !slices.Contains(known, key) {
			errs = append(errs, fmt.Errorf("%s is no setting%s", f.name(key), didYouMean(key, known)))
		}
	}
	return errs
}

// texts is the value of a key as what a flag would have been given: one text,
// or where many are allowed a list of them.
func texts(value any, many bool) ([]string, error) {
	if s, ok := value.(string); ok {
		return []string{s}, nil
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("is %v: write it in quotes, %q", value, fmt.Sprint(value))
	}
	if !many {
		return nil, errors.New("is a list: it takes one value, in quotes")
	}
	var all []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return nil, fmt.Errorf("holds %v: write each value in quotes, %q", v, fmt.Sprint(v))
		}
		all = append(all, s)
	}
	return all, nil
}

// maxFileBytes bounds what is read of a file that a setting names: a setting
// that points at a disk image by mistake should fail and not fill the memory.
const maxFileBytes = 1 << 20

func readText(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", reason(err)
	}
	if info.IsDir() {
		return "", errors.New("is a folder: name a file")
	}
	if info.Size() > maxFileBytes {
		return "", fmt.Errorf("holds %d bytes: at most %d are read", info.Size(), maxFileBytes)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", reason(err)
	}
	return string(data), nil
}

// reason is a file error without operation and path, which the message around
// it names.
func reason(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
