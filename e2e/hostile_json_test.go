//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"slices"
	"testing"
)

// parseThem reads an array of payloads in base64, and says of each what the
// tutorial's server would: whether JSON.parse takes it, and whether it then has a
// type that is known.
const parseThem = `
const payloads = JSON.parse(require("fs").readFileSync(0, "utf8"))
console.log(JSON.stringify(payloads.map(p => {
	let m
	try { m = JSON.parse(Buffer.from(p, "base64").toString()) } catch { return "Invalid JSON" }
	return m !== null && ["join", "chat", "leave"].includes(m.type) ? "" : "Unknown message type"
})))`

// What the tables above expect of the server is what Node's own JSON.parse says.
func TestTablesAgreeWithJSONParse(t *testing.T) {
	t.Parallel()
	rows := slices.Concat(jsons(), joins(), chats())
	var payloads []string
	for _, r := range rows {
		payloads = append(payloads, base64.StdEncoding.EncodeToString(r.send))
	}
	input, err := json.Marshal(payloads)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.Command(need(t, "node"), "-e", parseThem)
	node.Stdin = bytes.NewReader(input)
	out, err := node.CombinedOutput()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, out)
	}
	var answers []string
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(rows) {
		t.Fatalf("%d answers to %d payloads, %v", len(answers), len(rows), err)
	}
	for i, r := range rows {
		want := ""
		if r.want == noJSON || r.want == unknown {
			want = r.want
		}
		if _, deep := tooDeep[r.name]; deep {
			want = unknown
		}
		if answers[i] != want {
			t.Errorf("%s: JSON.parse says %q, the table %q", r.name, answers[i], want)
		}
	}
}
