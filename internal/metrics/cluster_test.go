package metrics

import (
	"maps"
	"testing"
)

// values are those of the metrics whose names begin with parley_broker, and of the nodes.
func values(t *testing.T, m *Metrics) map[string]float64 {
	t.Helper()
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, f := range families {
		for _, x := range f.GetMetric() {
			name := f.GetName()
			for _, l := range x.GetLabel() {
				name += " " + l.GetValue()
			}
			if name == "parley_nodes" || len(name) > 13 && name[:13] == "parley_broker" {
				all[name] = x.GetGauge().GetValue() + x.GetCounter().GetValue()
			}
		}
	}
	return all
}

func TestCountersTellOfOtherNodesWhatIsSoNow(t *testing.T) {
	m := New()
	alone := values(t, m)
	if alone["parley_nodes"] != 1 || len(alone) < 9 {
		t.Errorf("a node alone counts %v", alone)
	}
	if up, ok := alone["parley_broker_up"]; ok {
		t.Errorf("without a broker it is up: %v", up)
	}
	now := Cluster{Nodes: 3, Broker: true, Up: true, Published: 1, PublishedBytes: 2, Heard: 3, HeardBytes: 4,
		Dropped: map[string]uint64{"full": 5}, Reconnects: 6, Forged: 7, Topics: 8, Waiting: 9}
	m.Among(func() Cluster { return now })
	want := map[string]float64{
		"parley_nodes": 3, "parley_broker_up": 1, "parley_broker_published_total": 1, "parley_broker_published_bytes_total": 2,
		"parley_broker_heard_total": 3, "parley_broker_heard_bytes_total": 4, "parley_broker_dropped_total full": 5,
		"parley_broker_reconnects_total": 6, "parley_broker_forged_total": 7, "parley_broker_topics": 8, "parley_broker_waiting_bytes": 9,
	}
	if got := values(t, m); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	now.Up, want["parley_broker_up"] = false, 0
	if got := values(t, m); !maps.Equal(got, want) {
		t.Errorf("with the broker away: %v, want %v", got, want)
	}
}
