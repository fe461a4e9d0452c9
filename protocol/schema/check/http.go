package check

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema"
)

// Body says what is wrong with the body of a command's POST.
func Body(command string, body []byte) error {
	return conforms(definition(command, "Body"), body)
}

// Response says what is wrong with the response to a command's POST.
func Response(command string, status int, header http.Header, body []byte) error {
	c, err := row(command)
	if err != nil {
		return err
	}
	if kind := header.Get("Content-Type"); kind != "application/json" {
		err = fmt.Errorf("its Content-Type is %q", kind)
	}
	if status == http.StatusOK {
		return errors.Join(err, typeFirst(body), conforms(reflect.TypeOf(c.Answer).Name(), body))
	}
	code := headOf(body).Code
	if !slices.Contains(schema.HTTPCodes(c), code) {
		err = errors.Join(err, fmt.Errorf("%s is no code of %s: %s", code, command, body))
	}
	mediaType := code == protocol.CodeInvalidField && status == http.StatusUnsupportedMediaType
	if code.HTTPStatus() != status && !mediaType {
		err = errors.Join(err, fmt.Errorf("%s is HTTP %d here, and %d in the table", code, status, code.HTTPStatus()))
	}
	return errors.Join(err, retryAfter(status, header, body), refusal(body))
}

// retryAfter says what is wrong with the Retry-After of a response (RFC 9110
// §10.2.3), which must not be shorter than the body says.
func retryAfter(status int, header http.Header, body []byte) error {
	value := header.Get("Retry-After")
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		if value != "" {
			return fmt.Errorf("a response of %d has Retry-After: %s", status, value)
		}
		return nil
	}
	var wait struct {
		MS int64 `json:"retry_ms"`
	}
	_ = json.Unmarshal(body, &wait) // what is wrong with it, the schema says
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 1 || seconds*1000 < wait.MS {
		return fmt.Errorf("a response of %d has Retry-After: %q: %s", status, value, body)
	}
	return nil
}
