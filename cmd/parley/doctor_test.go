package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/config"
	"github.com/parley-chat/parley/internal/doctor"
)

// examined is one `parley doctor`.
func examined(t *testing.T, want int, args ...string) (out, err string) {
	t.Helper()
	t.Chdir(t.TempDir())
	var o, e bytes.Buffer
	if code := run(append([]string{"doctor"}, args...), streams{strings.NewReader(""), &o, &e}); code != want {
		t.Errorf("parley doctor %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), code, want, &o, &e)
	}
	return o.String(), e.String()
}

func TestDoctorEndsWell(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	out, said := examined(t, exitOK, url, "--node", url)
	if !strings.HasSuffix(out, " looked at and fine, 3 not looked at\n") || said != "" {
		t.Errorf("it ends with %q, %q", out, said)
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("there are colours for nobody:\n%q", out)
	}
}

func TestDoctorFindsFaults(t *testing.T) {
	one, _ := startNode(t, config.Serve{})
	other, _ := startNode(t, config.Serve{})
	out, _ := examined(t, exitFailed, "--json", "--rate=fast", "--store=memory", "--node", one, "--node", other)
	faults := map[doctor.Part]string{}
	for line := range strings.Lines(out) {
		var f doctor.Finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f.Level == doctor.Fault {
			faults[f.Part] += f.Found
		}
	}
	if !strings.Contains(faults[doctor.Settings], `--rate is "fast"`) || !strings.Contains(faults[doctor.Nodes], "do not share a store") {
		t.Errorf("the faults are %v", faults)
	}
}

func TestDoctorLooksAtTheSettingsOfThisMachineIfThereAreAny(t *testing.T) {
	url, _ := startNode(t, config.Serve{})
	for name, c := range map[string]struct {
		args  []string
		local bool
	}{
		"no address":           {[]string{"--store=memory"}, true},
		"an address alone":     {[]string{url}, false},
		"a node and a token":   {[]string{"--node", url, "--token=x"}, false},
		"an address, and flag": {[]string{url, "--store=memory"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := examined(t, exitOK, c.args...)
			if local := strings.Contains(out, "a server starts with them"); local != c.local {
				t.Errorf("the settings are looked at: %v, want %v\n%s", local, c.local, out)
			}
		})
	}
}

func TestDoctorSaysWhatIsWrongWithItsCommand(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"chat.example"}, `URL "chat.example": want http:// or https://`},
		{[]string{"https://chat.example/room"}, "want http:// or https:// and a host"},
		{[]string{"--node=ws://localhost"}, `--node "ws://localhost"`},
		{[]string{"--ca=missing.pem"}, "--ca: "},
		{[]string{"--token=@missing"}, "missing"},
	} {
		out, said := examined(t, exitUsage, c.args...)
		if !strings.Contains(said, c.want) || out != "" {
			t.Errorf("%v: it says %q%q, want %s", c.args, out, said, c.want)
		}
	}
}
