//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	nodes "github.com/parley-chat/parley/internal/node"
)

// Without a container engine or a cluster, what can be checked is that the files are
// YAML, that they say what they should, and that our part of it is right: each setting
// is one of the program's.

// parseYAML reads the documents of a file, and fails the test for what YAML warns of.
func parseYAML(t *testing.T, path string) []part {
	t.Helper()
	const program = `const yaml = require("yaml"), fs = require("fs");
		const docs = yaml.parseAllDocuments(fs.readFileSync(process.argv[1], "utf8"), {strict: true, uniqueKeys: true});
		for (const d of docs) for (const e of [...d.errors, ...d.warnings]) throw e;
		console.log(JSON.stringify(docs.map((d) => d.toJS())));`
	out, err := exec.Command(need(t, "node"), "-e", program, path).Output()
	if err != nil {
		var why string
		if exit, ok := err.(*exec.ExitError); ok {
			why = string(exit.Stderr)
		}
		t.Fatalf("%s: %v\n%s", path, err, why)
	}
	var docs []any
	if err := json.Unmarshal(out, &docs); err != nil {
		t.Fatal(err)
	}
	parts := make([]part, len(docs))
	for i, d := range docs {
		parts[i] = part{t, fmt.Sprintf("%s, document %d", path, i+1), d}
	}
	return parts
}

// part is a piece of a document.
type part struct {
	t     *testing.T
	name  string
	value any
}

// at is what stands there: names of fields, and numbers of a list's elements.
func (p part) at(path ...any) part {
	p.t.Helper()
	for _, step := range path {
		p.name += fmt.Sprintf(".%v", step)
		switch v := p.value.(type) {
		case map[string]any:
			p.value = v[fmt.Sprint(step)]
		case []any:
			if i, ok := step.(int); ok && i < len(v) {
				p.value = v[i]
				continue
			}
			p.value = nil
		default:
			p.value = nil
		}
	}
	if p.value == nil {
		p.t.Fatalf("%s is not there", p.name)
	}
	return p
}

func (p part) want(want any) {
	p.t.Helper()
	if fmt.Sprint(p.value) != fmt.Sprint(want) {
		p.t.Errorf("%s is %v, want %v", p.name, p.value, want)
	}
}

func (p part) number() float64 {
	p.t.Helper()
	n, ok := p.value.(float64)
	if !ok {
		p.t.Fatalf("%s is %v, want a number", p.name, p.value)
	}
	return n
}

// keys are an object's, in order.
func (p part) keys() []string {
	p.t.Helper()
	v, ok := p.value.(map[string]any)
	if !ok {
		p.t.Fatalf("%s is %v, want an object", p.name, p.value)
	}
	var keys []string
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// wantSettings fails the test for variables that are no settings of the program.
func wantSettings(t *testing.T, variables []string) {
	t.Helper()
	help, err := exec.Command(parley, "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variables {
		if !regexp.MustCompile(`\$` + v + `\b`).Match(help) {
			t.Errorf("%s is no setting", v)
		}
	}
	if len(variables) == 0 {
		t.Error("there are no settings")
	}
}

func TestComposeFileHasThreeNodesAndWhatTheyShare(t *testing.T) {
	t.Parallel()
	file := parseYAML(t, "../deploy/compose.yaml")[0]
	var variables []string
	for _, name := range []string{"node1", "node2", "node3"} {
		n := file.at("services", name)
		n.at("read_only").want(true)
		n.at("cap_drop").want([]string{"ALL"})
		n.at("depends_on", "postgres", "condition").want("service_healthy")
		n.at("depends_on", "redis", "condition").want("service_healthy")
		n.at("build", "dockerfile").want("deploy/Dockerfile")
		n.at("stop_grace_period").want("30s")
		variables = n.at("environment").keys()
	}
	wantSettings(t, variables)
	file.at("services", "postgres", "healthcheck", "test")
	file.at("services", "redis", "healthcheck", "test")
	proxy := file.at("services", "proxy")
	proxy.at("environment", "NODES").want("node1:8080 node2:8080 node3:8080")
	proxy.at("volumes", 0).want("./nodes/Caddyfile:/etc/caddy/Caddyfile:ro")
	// Whom the nodes believe is the network that they are in.
	file.at("services", "node1", "environment", "PARLEY_TRUSTED_PROXY").want(file.at("networks", "default", "ipam", "config", 0, "subnet").value)
}

// The proxy of the compose file runs the Caddyfile of the three nodes by its variables.
func TestCaddyTakesItsNodesFromVariables(t *testing.T) {
	t.Parallel()
	for site, want := range map[string]string{"": "chat.example", "http://localhost": "localhost"} {
		cmd := exec.Command(need(t, "caddy"), "adapt", "--config", "../deploy/nodes/Caddyfile")
		dials := []string{"10.0.0.1:8080", "10.0.0.3:8080"}
		if site != "" {
			cmd.Env = []string{"SITE=" + site, "NODES=node1:8080 node2:8080 node3:8080"}
			dials = []string{"node1:8080", "node3:8080"}
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range append(dials, want) {
			if !strings.Contains(string(out), `"`+text+`"`) {
				t.Errorf("with SITE=%q it has no %s:\n%s", site, text, out)
			}
		}
	}
}

func TestKubernetesManifestLetsNodesComeAndGo(t *testing.T) {
	t.Parallel()
	kinds := map[string]part{}
	for _, doc := range parseYAML(t, "../deploy/kubernetes.yaml") {
		kinds[fmt.Sprint(doc.at("kind").value)] = doc
	}
	deployment := kinds["Deployment"].at("spec")
	deployment.at("replicas").want(3)
	deployment.at("strategy", "rollingUpdate", "maxUnavailable").want(0)
	pod := deployment.at("template", "spec")
	pod.at("securityContext", "runAsNonRoot").want(true)
	pod.at("enableServiceLinks").want(false)
	c := pod.at("containers", 0)
	c.at("readinessProbe", "httpGet", "path").want("/readyz")
	c.at("livenessProbe", "httpGet", "path").want("/healthz")
	c.at("securityContext", "readOnlyRootFilesystem").want(true)
	c.at("securityContext", "allowPrivilegeEscalation").want(false)
	c.at("securityContext", "capabilities", "drop").want([]string{"ALL"})
	c.at("resources", "limits", "memory")
	c.at("ports", 0, "name").want("http")
	before := c.at("lifecycle", "preStop", "sleep", "seconds").number()
	if grace := pod.at("terminationGracePeriodSeconds").number(); grace < before+nodes.DrainTimeout.Seconds()+10 {
		t.Errorf("a pod gets %v s to go, and takes up to %v s before the drain, and %v for it", grace, before, nodes.DrainTimeout)
	}
	var variables []string
	for i := range c.at("env").value.([]any) {
		variables = append(variables, fmt.Sprint(c.at("env", i, "name").value))
	}
	wantSettings(t, variables)
	for _, key := range []string{"store", "broker", "metrics-token"} {
		kinds["Secret"].at("stringData", key)
	}

	app := deployment.at("template", "metadata", "labels", "app").value
	deployment.at("selector", "matchLabels", "app").want(app)
	kinds["PodDisruptionBudget"].at("spec", "selector", "matchLabels", "app").want(app)
	kinds["PodDisruptionBudget"].at("spec", "maxUnavailable").want(1)
	kinds["Service"].at("spec", "selector", "app").want(app)
	kinds["Service"].at("spec", "ports", 0, "targetPort").want("http")
	kinds["Ingress"].at("spec", "rules", 0, "http", "paths", 0, "backend", "service", "name").want(kinds["Service"].at("metadata", "name").value)
	for _, doc := range kinds {
		if spec, ok := doc.value.(map[string]any)["spec"].(map[string]any); ok && spec["sessionAffinity"] != nil {
			t.Errorf("%s asks for sessions to stick", doc.name)
		}
	}
}
