package config

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// sources reads the settings file for kong and remembers where each setting
// came from.
type sources struct {
	file  *file
	named map[string]string // flag → how its giver called it; absent: it has its default
	flags []string          // the flags that a file may set
	envs  []string          // every variable that some command reads
	errs  []error           // what is wrong with the file
}

// BeforeResolve is called by kong when flags and environment have been read: it
// opens the file that they name.
func (f *Flags) BeforeResolve(ctx *kong.Context) error {
	s := &f.sources
	*s = sources{named: map[string]string{}}
	_ = kong.Visit(ctx.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			s.envs = append(s.envs, flag.Envs...)
		}
		return next(nil)
	})
	var path string
	for _, flag := range ctx.Flags() {
		switch flag.Name {
		case "config":
			path, _ = ctx.FlagValue(flag).(string)
		case "help":
		default:
			s.flags = append(s.flags, flag.Name)
		}
	}
	for _, el := range ctx.Path {
		if el.Flag != nil {
			s.named[el.Flag.Name] = "--" + el.Flag.Name
		}
	}
	if path != "" {
		var err error
		if s.file, err = readFile(path); err != nil {
			s.errs = append(s.errs, err)
		} else {
			s.errs = append(s.errs, s.file.unknownKeys(s.flags)...)
		}
	}
	ctx.AddResolver(s)
	return nil
}

// Resolve implements kong.Resolver. kong asks for each flag that the command
// line left open, and has put in the environment's value already: whatever is
// answered here would replace it.
func (s *sources) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			s.named[flag.Name] = env
			return nil, nil
		}
	}
	if s.file == nil || flag.Name == "config" {
		return nil, nil
	}
	value, ok := s.file.values[flag.Name]
	if !ok {
		return nil, nil
	}
	s.named[flag.Name] = s.file.name(flag.Name)
	values, err := texts(value, flag.IsSlice())
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s %w", s.named[flag.Name], err))
		delete(s.named, flag.Name) // reported; its default stands in for the other checks
		return nil, nil
	}
	if flag.IsSlice() {
		return kong.JoinEscaped(values, flag.Tag.Sep), nil
	}
	return values[0], nil
}

// Validate implements kong.Resolver. What is wrong with the file is reported by
// Settings, together with all else.
func (s *sources) Validate(*kong.Application) error { return nil }

// unreadVariables lists what looks like a setting of ours in the environment
// and is none.
func (s *sources) unreadVariables(environ []string) []string {
	var unread []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix+"_") || kubernetesLink.MatchString(name) || slices.Contains(s.envs, name) {
			continue
		}
		unread = append(unread, fmt.Sprintf("%s is no setting and was not read%s", name, didYouMean(name, s.envs)))
	}
	return unread
}

// kubernetesLink is what Kubernetes puts into every container beside a service
// named parley.
var kubernetesLink = regexp.MustCompile(`^PARLEY_(SERVICE_(HOST|PORT)|PORT)(_|$)`)
