// Package config is what a person may set, in one table: the fields of Flags
// are the flags of `parley serve`, their tags its help and defaults, and the
// same names are environment variables (PARLEY_ and the name in capitals) and
// keys of a TOML file.
//
//   - A flag beats the environment, which beats the file, which beats the default.
//   - Every wrong value is found before anything starts, all of them at once; an
//     error names the setting as the person gave it, the value, and what would
//     be right. A secret's value is never named.
//   - Nothing that was given is passed over in silence: a key of the file that
//     is no setting is an error, an environment variable that is none a warning.
package config
