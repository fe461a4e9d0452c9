package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// seenNode is what was seen of one node.
type seenNode struct {
	name    string
	version string // empty where it isn't told
	epoch   string // of a room that nobody uses: it is the store's
	clock   time.Duration
	exact   time.Duration // how exact clock is; 0: it isn't known
}

// nodes looks at each node, past all that stands before it, and compares them.
func (x *examination) nodes(ctx context.Context) {
	var seen []seenNode
	for _, raw := range x.Nodes {
		n := x.of(Nodes)
		u, err := url.Parse(raw)
		if err != nil { // whoever gave it has been told
			n.fault(fmt.Sprintf("%q is no URL", raw), "")
			continue
		}
		x.doing("node " + u.Host)
		r := x.newReach(u, true)
		node := seenNode{name: u.Host}
		if !x.alive(ctx, n, r, &node) {
			continue
		}
		x.enter(ctx, n, r, &node)
		x.counters(ctx, n, r, &node)
		seen = append(seen, node)
	}
	x.compare(seen)
}

// alive looks at what a node says of itself.
func (x *examination) alive(ctx context.Context, n notes, r reach, node *seenNode) bool {
	status, header, _, err := r.get(ctx, "/healthz", x.Settings.MetricsToken)
	switch {
	case err != nil:
		n.fault(fmt.Sprintf("%s can't be reached: %v", node.name, err), "is it running, and does --listen take this address in?")
		return false
	case status != http.StatusOK:
		n.fault(fmt.Sprintf("%s answers /healthz with %d", node.name, status), "is that address a parley?")
		return false
	}
	node.version = header.Get("Parley-Version")
	status, _, text, err := r.get(ctx, "/readyz", "")
	switch {
	case err != nil:
		n.fault(fmt.Sprintf("%s does not say whether it is ready: %v", node.name, err), "")
	case status == http.StatusServiceUnavailable:
		n.warn(fmt.Sprintf("%s takes no newcomers: %s", node.name, text), "it is so while a node drains; if it stays, look into its log")
	case status != http.StatusOK:
		n.fault(fmt.Sprintf("%s answers /readyz with %d", node.name, status), "is that address a parley?")
	case node.version == "":
		n.ok("%s is ready; its version it tells to those alone who are on its machine, or bring --metrics-token", node.name)
	default:
		n.ok("%s is ready, version %s", node.name, node.version)
	}
	return true
}

// enter opens a session, and looks at the clock and the store behind it.
func (x *examination) enter(ctx context.Context, n notes, r reach, node *seenNode) {
	l, err := r.open(ctx, x.Token, ask{})
	var why *refused
	if errors.As(err, &why) && why.is(http.StatusUnauthorized) {
		n.unknown(node.name+" lets in only people with a token, so its clock and store were not looked at", "give the doctor one with --token @FILE")
		return
	}
	if err != nil {
		n.fault(fmt.Sprintf("no session opens at %s: %v", node.name, err), "look into its log")
		return
	}
	defer l.close()
	ahead, exact, middle, err := l.away(ctx)
	if err != nil {
		n.fault(fmt.Sprintf("%s answers no ping: %v", node.name, err), "look into its log")
		return
	}
	node.clock, node.exact = ahead, exact
	if away := ahead.Abs() - exact; away > offBy {
		n.warn(fmt.Sprintf("the clock of %s is %s this machine's", node.name, apart(ahead)), "have both kept by NTP (chrony, systemd-timesyncd)")
	} else {
		n.ok("%s answers in %s (p50), its clock agrees with this machine's", node.name, short(middle))
	}
	// Of a room that nobody uses, a store makes the epoch of what it is itself.
	if f, _, err := l.do(ctx, `{"type":"join","id":"%s","room":"parley-doctor","last":0}`); err == nil {
		node.epoch = f.Room.Epoch
	}
}

// compare holds the nodes against one another.
func (x *examination) compare(seen []seenNode) {
	n := x.of(Nodes)
	if len(seen) < 2 {
		return
	}
	var versions, epochs []string
	var first, last *seenNode
	for i := range seen {
		s := &seen[i]
		versions, epochs = append(versions, s.version), append(epochs, s.epoch)
		if s.exact > 0 && (first == nil || s.clock < first.clock) {
			first = s
		}
		if s.exact > 0 && (last == nil || s.clock > last.clock) {
			last = s
		}
	}
	known := func(all []string) []string {
		return slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(all))), func(s string) bool { return s == "" })
	}
	switch v := known(versions); {
	case len(v) > 1:
		n.warn("the nodes are of different versions: "+strings.Join(v, ", "), "finish the rolling restart")
	case len(v) == 1 && !slices.Contains(versions, ""):
		n.ok("the %d nodes are of one version", len(seen))
	default:
		n.unknown("whether the nodes are of one version can't be seen", "give --metrics-token")
	}
	switch e := known(epochs); {
	case len(e) > 1:
		n.fault("the nodes do not share a store: "+x.groups(seen), "give all of them the same --store, and none sqlite or memory")
	case len(e) == 1 && !slices.Contains(epochs, ""):
		n.ok("the %d nodes share one store", len(seen))
	default:
		n.unknown("whether the nodes share a store can't be seen", "give the doctor a --token whose user may join any room")
	}
	if first == nil || first == last {
		return
	}
	if between := last.clock - first.clock; between-first.exact-last.exact > offBy {
		n.warn(fmt.Sprintf("the clock of %s is %s that of %s", last.name, apart(between), first.name), "have both kept by NTP (chrony, systemd-timesyncd)")
		return
	}
	n.ok("the nodes' clocks agree")
}

// groups names the nodes of each store.
func (x *examination) groups(seen []seenNode) string {
	of := map[string][]string{}
	var order []string
	for _, s := range seen {
		if of[s.epoch] == nil && s.epoch != "" {
			order = append(order, s.epoch)
		}
		of[s.epoch] = append(of[s.epoch], s.name)
	}
	var parts []string
	for _, epoch := range order {
		parts = append(parts, strings.Join(of[epoch], " and "))
	}
	return strings.Join(parts, " | ")
}

// get asks for a path. token, where there is one and it may go there, is brought.
func (r reach) get(ctx context.Context, path, token string) (status int, h http.Header, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url.ResolveReference(&url.URL{Path: path}).String(), http.NoBody)
	if err != nil {
		return 0, nil, "", err
	}
	if token != "" && r.safe {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if r.forged != "" {
		request.Header.Set("X-Forwarded-For", r.forged)
	}
	answer, err := r.client.Do(request)
	if err != nil {
		return 0, nil, "", inWords(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 300))
	return answer.StatusCode, answer.Header, oneLine(string(body)), err
}

// apart says how far a clock is from another.
func apart(ahead time.Duration) string {
	if ahead < 0 {
		return short(-ahead) + " behind"
	}
	return short(ahead) + " ahead of"
}

// short is a time to three digits.
func short(d time.Duration) string {
	switch {
	case d >= 100*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
