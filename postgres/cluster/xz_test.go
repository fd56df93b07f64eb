package cluster

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/ulikunitz/xz"
)

// storedXZ puts data into an .xz file without compressing them, which would take a minute under the race detector.
// See "The .xz File Format", version 1.2.1, and LZMA2's uncompressed chunks.
func storedXZ(data []byte) []byte {
	flags := []byte{0, 1} // the check is a CRC32
	var file bytes.Buffer
	file.WriteString("\xFD7zXZ\x00")
	file.Write(withCRC(flags))

	var block bytes.Buffer
	block.Write(withCRC([]byte{2, 0, 0x21, 1, 0x18, 0, 0, 0})) // 12 bytes of header: LZMA2 with a dictionary of 16 MiB
	control := byte(1)                                         // the first chunk resets the dictionary
	for rest := data; len(rest) > 0; control = 2 {
		n := min(len(rest), 1<<16)
		block.WriteByte(control)
		block.Write(binary.BigEndian.AppendUint16(nil, uint16(n-1)))
		block.Write(rest[:n])
		rest = rest[n:]
	}
	block.WriteByte(0)
	unpadded := block.Len() + 4
	block.Write(make([]byte, -block.Len()&3))
	block.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
	file.Write(block.Bytes())

	index := []byte{0, 1}
	index = binary.AppendUvarint(index, uint64(unpadded))
	index = binary.AppendUvarint(index, uint64(len(data)))
	index = append(index, make([]byte, -len(index)&3)...)
	index = withCRC(index)
	file.Write(index)

	footer := append(binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1)), flags...)
	file.Write(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(footer)))
	file.Write(footer)
	file.WriteString("YZ")
	return file.Bytes()
}

func withCRC(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(bytes.Clone(b), crc32.ChecksumIEEE(b))
}

func TestStoredXZ(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 5, 1 << 16, 1<<16 + 1, 300_000} {
		data := bytes.Repeat([]byte{'x'}, size)
		reader, err := xz.NewReader(bytes.NewReader(storedXZ(data)))
		require.NoError(t, err)
		read, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.Equal(t, data, read)
	}
}
