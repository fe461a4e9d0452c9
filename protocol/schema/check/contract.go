package check

import (
	"bytes"
	"fmt"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/parley-chat/parley/protocol/schema"
)

// contract is the compiled definitions of the published schema, by name.
var contract = sync.OnceValue(func() map[string]*jsonschema.Schema {
	const at = "schema.json"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema.JSONSchema()))
	if err != nil {
		panic(err) // tests compare it with its own meta-schema
	}
	closeObjects(document)
	c := jsonschema.NewCompiler()
	if err := c.AddResource(at, document); err != nil {
		panic(err)
	}
	all := map[string]*jsonschema.Schema{}
	for name := range document.(map[string]any)["$defs"].(map[string]any) {
		all[name] = c.MustCompile(at + "#/$defs/" + name)
	}
	return all
})

// closeObjects forbids members that an object's schema doesn't name.
func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, value := range v {
			closeObjects(value)
		}
		if _, ok := v["properties"].(map[string]any); ok {
			v["additionalProperties"] = false
		}
	case []any:
		for _, item := range v {
			closeObjects(item)
		}
	}
}

// conforms says how text isn't what the contract calls name.
func conforms(name string, text []byte) error {
	definition := contract()[name]
	if definition == nil {
		return fmt.Errorf("the contract has no %s", name)
	}
	if value := jsontext.Value(text); !value.IsValid() { // which a member named twice isn't, or what is no UTF-8
		return fmt.Errorf("no JSON: %s", text)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%w: %s", err, text)
	}
	if err := definition.Validate(v); err != nil {
		return fmt.Errorf("no %s: %w: %s", name, err, text)
	}
	return nil
}

// definition is how the contract calls the frame or the body of a command.
func definition(command, suffix string) string {
	return strings.ToUpper(command[:1]) + command[1:] + suffix
}
