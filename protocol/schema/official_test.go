package schema

import (
	"bytes"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func TestDocumentsAreWhatTheirSpecificationsAsk(t *testing.T) {
	openAPI, asyncAPI := read(t, OpenAPI()), read(t, AsyncAPI())
	hold(t, openAPI, official(t, "openapi-3.1.json"))
	hold(t, asyncAPI, official(t, "asyncapi-3.0.json"))

	dialect, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	if err != nil {
		t.Fatal(err)
	}
	if err := dialect.Validate(read(t, JSONSchema())); err != nil {
		t.Error(err)
	}
	for _, document := range []any{openAPI, asyncAPI} {
		schemas := at(document, "components", "schemas").(map[string]any)
		for name, schema := range schemas {
			if err := dialect.Validate(schema); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestEveryReferenceLeadsSomewhere(t *testing.T) {
	for _, d := range Documents() {
		document := read(t, d.Content)
		n := 0
		walk(document, func(object map[string]any) {
			ref, ok := object["$ref"].(string)
			if !ok {
				return
			}
			n++
			path, inside := strings.CutPrefix(ref, "#/")
			if !inside || at(document, strings.Split(path, "/")...) == nil {
				t.Errorf("%s refers to %s, which is not there", d.Name, ref)
			}
		})
		if n == 0 {
			t.Errorf("%s has no reference", d.Name)
		}
	}
}

// official is the schema that a specification gives for its documents.
func official(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	content, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, read(t, content)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hold fails the test if a document isn't what its specification asks for, or if
// it would be without its info, too.
func hold(t *testing.T, document any, to *jsonschema.Schema) {
	t.Helper()
	if err := to.Validate(document); err != nil {
		t.Error(err)
	}
	without := maps.Clone(document.(map[string]any))
	delete(without, "info")
	if to.Validate(without) == nil {
		t.Error("a document without info is taken, too")
	}
}

func read(t *testing.T, content []byte) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// at is what stands at a path within a document; nil for nothing.
func at(v any, path ...string) any {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, value := range v {
			walk(value, visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}
