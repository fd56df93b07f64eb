package api

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed docs/index.html docs/start.js docs/scalar.js.gz
var docsFiles embed.FS

// docsPolicy: only files of this host. The page's own style sheets are made by its script, hence unsafe-inline for
// styles, and only for them.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
	"connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// GetDocs shows the document as a page.
func (s *server) GetDocs(c *gin.Context) {
	c.Header("Content-Security-Policy", docsPolicy)
	c.Data(http.StatusOK, "text/html; charset=utf-8", docsFile("index.html"))
}

// GetDocsFile gives the scripts of the page. The large one is kept, and given where that is welcome, compressed.
func (s *server) GetDocsFile(c *gin.Context, file string) {
	body := docsFile(file)
	switch file {
	case "start.js":
	case "scalar.js":
		body = docsFile("scalar.js.gz")
		c.Header("Cache-Control", "public, max-age=3600")
		c.Writer.Header().Add("Vary", "Accept-Encoding")
		if strings.Contains(c.GetHeader("Accept-Encoding"), "gzip") {
			c.Header("Content-Encoding", "gzip")
		} else {
			body = unzipped(body)
		}
	default:
		s.fail(c, problem{kind: notFound})
		return
	}
	c.Data(http.StatusOK, "text/javascript; charset=utf-8", body)
}

func docsFile(name string) []byte {
	raw, err := docsFiles.ReadFile("docs/" + name)
	if err != nil {
		return nil
	}
	return raw
}

func unzipped(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("unpack an embedded file: " + err.Error())
	}
	out, err := io.ReadAll(r)
	if err != nil {
		panic("unpack an embedded file: " + err.Error())
	}
	return out
}
