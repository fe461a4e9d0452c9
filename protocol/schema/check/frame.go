package check

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/parley-chat/parley/protocol"
	"github.com/parley-chat/parley/protocol/schema"
)

// Command says what is wrong with a frame that a client sent. Whether its strings
// are names, keys and so on, the server decides.
func Command(frame []byte) error { return conforms("ClientFrame", frame) }

// Answer says what is wrong with a frame that answers a command.
func Answer(command string, frame []byte) error {
	c, err := row(command)
	if err != nil {
		return err
	}
	switch head := headOf(frame); head.Type {
	case protocol.TypeOK:
		return errors.Join(typeFirst(frame), conforms(reflect.TypeOf(c.Answer).Name(), frame))
	case protocol.TypeError:
		err := refusal(frame)
		if !slices.Contains(schema.SocketCodes(c), head.Code) {
			err = errors.Join(err, fmt.Errorf("%s is no code of %s: %s", head.Code, command, frame))
		}
		return err
	default:
		return fmt.Errorf("no answer: %s", frame)
	}
}

// Told says what is wrong with a frame that the server sent by itself.
func Told(frame []byte) error {
	name := map[string]string{
		protocol.TypeWelcome:  "Welcome",
		protocol.TypeEvent:    "Event",
		protocol.TypeCaughtUp: "CaughtUp",
		protocol.TypePresence: "Presence",
		protocol.TypeTyping:   "TypingNow",
		protocol.TypeRead:     "ReadNow",
	}[headOf(frame).Type]
	if name == "" {
		return fmt.Errorf("nothing that a server says by itself: %s", frame)
	}
	return errors.Join(typeFirst(frame), conforms(name, frame))
}

// refusal says what is wrong with an error, whatever it answers.
func refusal(frame []byte) error {
	err := errors.Join(typeFirst(frame), conforms("Refusal", frame))
	if headOf(frame).Text == "" {
		err = errors.Join(err, fmt.Errorf("it has no words for a person: %s", frame))
	}
	return err
}

// head is what is looked at of any frame.
type head struct {
	Type string        `json:"type"`
	ID   string        `json:"id"`
	Code protocol.Code `json:"code"`
	Text string        `json:"text"`
}

// headOf reads as much of it as can be read.
func headOf(frame []byte) (h head) {
	_ = json.Unmarshal(frame, &h) // what is wrong with it, the schema says
	return h
}

func typeFirst(frame []byte) error {
	if !bytes.HasPrefix(frame, []byte(`{"type":`)) {
		return fmt.Errorf("its type doesn't come first: %s", frame)
	}
	return nil
}

// row is a command's row in the table.
func row(command string) (protocol.Command, error) {
	for _, c := range protocol.Commands() {
		if c.Name == command {
			return c, nil
		}
	}
	return protocol.Command{}, fmt.Errorf("there is no command %q", command)
}
