package doctor

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// counters looks at what a node counts of the others, if it tells us.
func (x *examination) counters(ctx context.Context, n notes, r reach, node *seenNode) {
	all, told := r.metrics(ctx, x.Settings.MetricsToken)
	if !told {
		n.unknown(node.name+" does not show its metrics, so whether it hears other nodes was not looked at", "give --metrics-token, the same to the nodes and to the doctor")
		return
	}
	known := int(all["parley_nodes"])
	up, broker := all["parley_broker_up"]
	switch {
	case broker && up == 0:
		n.fault(node.name+" does not hear other nodes: it asks the store what is new, and doesn't know who is there", "look at the broker, and into its log")
	case broker:
		n.ok("%s hears other nodes, and knows of %d with itself", node.name, known)
	case known > 1:
		n.warn(fmt.Sprintf("%s has no broker, and is one of %d nodes: others' messages take longer, and who is there isn't shared", node.name, known), "--broker postgres, or a redis:// URL, the same at all")
	}
	if forged := all["parley_broker_forged_total"]; forged > 0 {
		n.warn(fmt.Sprintf("%s has heard %.0f messages that no node of its store made", node.name, forged),
			"see who else may publish there; another deployment has topics of its own")
	}
	if len(x.Nodes) > 1 && known > 0 && known != len(x.Nodes) {
		n.warn(fmt.Sprintf("%s knows of %d with itself, and %d were given", node.name, known, len(x.Nodes)),
			"name all with --node; of one that has just begun, or ended without a farewell, others learn within 15 seconds")
	}
}

// metrics reads a node's counters by name, those with labels added up.
func (r reach) metrics(ctx context.Context, token string) (all map[string]float64, told bool) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.ResolveReference(&url.URL{Path: "/metrics"}).String(), http.NoBody)
	if err != nil {
		return nil, false
	}
	if token != "" && r.safe {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return nil, false
	}
	defer answer.Body.Close()
	all = map[string]float64{}
	for lines := bufio.NewScanner(io.LimitReader(answer.Body, 1<<20)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil && !strings.HasPrefix(name, "#") {
			name, _, _ = strings.Cut(name, "{")
			all[name] += v
		}
	}
	return all, answer.StatusCode == http.StatusOK
}
