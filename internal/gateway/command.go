package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/internal/auth"
	"github.com/parley-chat/parley/protocol"
)

// Commands does what is asked for over HTTP.
type Commands interface {
	// Do does a command of the table whose fields stand in body, a JSON object, and
	// gives the whole answer, {"type":"ok",…}. It ends with ctx at the latest.
	Do(ctx context.Context, who auth.Identity, command string, body []byte) (answer []byte, err *protocol.Error)
}

// commandTimeout bounds a command, so that a store which stands still doesn't
// gather those who wait for it.
const commandTimeout = 30 * time.Second

// command answers POST /api/v1/COMMAND.
func (g *Gateway) command(r *http.Request) (answer []byte, why *refusal) {
	name := r.PathValue("command")
	reach, known := g.reach[name]
	if !known || reach != protocol.Everywhere {
		var text string
		if known {
			text = "only a session can do that: open a WebSocket with the subprotocol " + protocol.Subprotocol
		}
		return nil, refusalOf(&protocol.Error{Code: protocol.CodeUnknownType, Text: text}, nil)
	}
	answer, why = g.do(r, name)
	if why != nil {
		g.metrics.Called(name, string(why.code))
	} else {
		g.metrics.Called(name, "ok")
	}
	return answer, why
}

func (g *Gateway) do(r *http.Request, name string) (answer []byte, why *refusal) {
	// Pages send JSON to another site only after they have asked it (Fetch §4.8).
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return nil, &refusal{code: protocol.CodeInvalidField, status: http.StatusUnsupportedMediaType, text: "Content-Type: want application/json"}
	}
	who, why := g.somebody(r)
	if why != nil {
		return nil, why
	}
	body, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, refusalOf(&protocol.Error{Code: protocol.CodeTooLarge, Text: fmt.Sprintf("want at most %d bytes", tooLarge.Limit)}, nil)
	} else if err != nil {
		return nil, refusalOf(&protocol.Error{Code: protocol.CodeInvalidJSON, Text: "the body did not come whole"}, nil)
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandTimeout)
	defer cancel()
	answer, refused := g.commands.Do(ctx, who, name, body)
	if refused != nil {
		return nil, refusalOf(refused, body)
	}
	return answer, nil
}

// refusalOf is a refused command's, which is told its id if it gave one.
func refusalOf(err *protocol.Error, body []byte) *refusal {
	var command struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(body, &command) != nil || len(command.ID) > protocol.MaxIDBytes {
		command.ID = ""
	}
	return &refusal{code: err.Code, status: err.Code.HTTPStatus(), text: cmp.Or(err.Text, err.Code.Sentence()), id: command.ID, retry: err.Retry}
}

// reaches says of each command where it is offered.
func reaches() map[string]protocol.Reach {
	reach := map[string]protocol.Reach{}
	for _, c := range protocol.Commands() {
		reach[c.Name] = c.Reach
	}
	return reach
}
