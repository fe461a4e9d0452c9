package gateway

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
)

// refusal is why a request goes no further.
type refusal struct {
	code   protocol.Code
	status int
	text   string            // for the client: what would be right
	header map[string]string // of the answer
	log    string            // for the operator; empty where there is nothing to do about it
}

// refuse answers an upgrade that goes no further.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	g.metrics.Refused(why.code)
	if why.log != "" {
		g.log.Warn(why.log, "addr", g.client(r).String(), "reason", string(why.code))
	}
	for name, value := range why.header {
		w.Header().Set(name, value)
	}
	w.Header().Set("Connection", "close")
	http.Error(w, why.text, why.status)
}

// refuseJSON answers a command with the error frame that it would get.
func (g *Gateway) refuseJSON(w http.ResponseWriter, why *refusal) {
	g.metrics.Refused(why.code)
	for name, value := range why.header {
		w.Header().Set(name, value)
	}
	writeJSON(w, why.status, struct {
		Type string        `json:"type"`
		Code protocol.Code `json:"code"`
		Text string        `json:"text"`
	}{"error", why.code, why.text})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("an answer that is no JSON: %v", err)) // only our own types come here
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}
