package schema

// Document is one file of the contract.
type Document struct {
	Name    string
	Content []byte
}

// Documents are the files of the contract.
func Documents() []Document {
	return []Document{
		{"openapi.json", OpenAPI()},
		{"asyncapi.json", AsyncAPI()},
		{"schema.json", JSONSchema()},
	}
}
