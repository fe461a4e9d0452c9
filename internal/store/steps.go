package store

import "io/fs"

// Steps are the migrations of a store's schema, in order, from a folder of that name. The
// schema's version is how many of them a database has had.
func Steps(files fs.FS) ([]string, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range names { // Glob sorts
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		out = append(out, string(text))
	}
	return out, nil
}
