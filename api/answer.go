package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"

	"github.com/gin-gonic/gin"
)

// answer writes a JSON body.
func answer(c *gin.Context, status int, body any) {
	write(c, status, "application/json; charset=utf-8", body)
}

// write leaves <, > and & as they are: addresses and bodies are read by people too, and the headers forbid sniffing.
func write(c *gin.Context, status int, contentType string, body any) {
	b := takeBuffer()
	defer b.giveBack()
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		panic("write answer: " + err.Error())
	}
	c.Header("Content-Length", strconv.Itoa(b.Len()))
	c.Data(status, contentType, b.Bytes())
}

// buffer holds an answer while it is written. A list is some fifty kilobytes: to grow to that anew for each would leave
// several times as much behind.
type buffer struct{ bytes.Buffer }

// bufferKept is how big a buffer may be that is kept for the next answer.
const bufferKept = 1 << 20

var buffers = sync.Pool{New: func() any { return &buffer{} }}

func takeBuffer() *buffer {
	b, ok := buffers.Get().(*buffer)
	if !ok {
		b = &buffer{}
	}
	return b
}

// giveBack is called when nobody reads what stands in it any more.
func (b *buffer) giveBack() {
	if b.Cap() <= bufferKept {
		b.Reset()
		buffers.Put(b)
	}
}
