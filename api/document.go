package api

import (
	_ "embed"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var openapiYAML []byte

// document is openapi.yaml as the door works by it.
type document struct {
	json       []byte
	operations map[string]operation // by method and gin's route
}

// operation is one method of one route.
type operation struct {
	id      string
	public  bool                        // needs no token
	queries map[string]*openapi3.Schema // parameters of the URL's query
}

// theDocument is read once: it never changes.
var theDocument = sync.OnceValue(readDocument)

// readDocument reads the embedded document. It was proven by the tests: an error is a fault of the build.
func readDocument() *document {
	spec, err := openapi3.NewLoader().LoadFromData(openapiYAML)
	if err != nil {
		panic("read openapi.yaml: " + err.Error())
	}
	d := &document{operations: map[string]operation{}, json: documentJSON()}
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			o := operation{id: op.OperationID, public: op.Security != nil && len(*op.Security) == 0, queries: map[string]*openapi3.Schema{}}
			for _, p := range op.Parameters {
				if p.Value.In == openapi3.ParameterInQuery {
					o.queries[p.Value.Name] = p.Value.Schema.Value
				}
			}
			d.operations[method+" "+ginPath(path)] = o
		}
	}
	return d
}

func documentJSON() []byte {
	var tree any
	if err := yaml.Unmarshal(openapiYAML, &tree); err != nil {
		panic("read openapi.yaml: " + err.Error())
	}
	out, err := json.Marshal(tree)
	if err != nil {
		panic("write openapi.json: " + err.Error())
	}
	return out
}

// ginPath writes /a/{b} as gin does: /a/:b.
func ginPath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = ":" + strings.Trim(p, "{}")
		}
	}
	return strings.Join(parts, "/")
}

// operation returns what the document says of the route that was matched; false where none was.
func (s *server) operation(c *gin.Context) (operation, bool) {
	o, ok := s.doc.operations[c.Request.Method+" "+c.FullPath()]
	return o, ok
}

func (s *server) GetDocument(c *gin.Context) {
	c.Data(http.StatusOK, "application/json; charset=utf-8", s.doc.json)
}
