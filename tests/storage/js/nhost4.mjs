// The life of a file through @nhost/nhost-js 4: node nhost4.mjs STORAGE_URL ADMIN_SECRET PUBLIC_URL
import assert from 'node:assert/strict'
import { createNhostClient, withAdminSession } from '@nhost/nhost-js'

const [storageUrl, adminSecret, publicUrl] = process.argv.slice(2)
const nhost = createNhostClient({ storageUrl, configure: [withAdminSession({ adminSecret })] })
const stranger = createNhostClient({ storageUrl })

const id = crypto.randomUUID()
const uploaded = await nhost.storage.uploadFiles({
  'bucket-id': 'default',
  'metadata[]': [{ id, name: 'größe.txt', metadata: { alt: 'é' } }, { name: 'second' }],
  'file[]': [new File(['0123456789'], 'a.txt', { type: 'text/plain' }), new File(['two'], 'b.txt')],
})
assert.equal(uploaded.status, 201)
const [file, second] = uploaded.body.processedFiles
assert.deepEqual(
  { id: file.id, name: file.name, size: file.size, bucketId: file.bucketId, isUploaded: file.isUploaded },
  { id, name: 'größe.txt', size: 10, bucketId: 'default', isUploaded: true },
)
assert.deepEqual(file.metadata, { alt: 'é' })
assert.equal(second.name, 'second')

const got = await nhost.storage.getFile(id)
assert.equal(await got.body.text(), '0123456789')

const head = await nhost.storage.getFileMetadataHeaders(id)
assert.equal(head.headers.get('etag'), file.etag)
assert.equal(head.headers.get('content-length'), '10')
assert.equal(head.headers.get('content-type'), 'text/plain')

const known = { headers: { 'if-none-match': file.etag } }
const notModified = await nhost.storage.getFile(id, {}, known).catch((error) => error)
assert.equal(notModified.status, 304)

const replaced = await nhost.storage.replaceFile(id, {
  metadata: { name: 'new.txt', metadata: { v: 2 } },
  file: new File(['replaced'], 'c.txt', { type: 'text/plain' }),
})
assert.equal(replaced.status, 200)
assert.deepEqual([replaced.body.name, replaced.body.size, replaced.body.metadata], ['new.txt', 8, { v: 2 }])

const presigned = await nhost.storage.getFilePresignedURL(id)
assert.equal(presigned.body.expiration, 30)
const there = presigned.body.url.replace(publicUrl, storageUrl.replace('/v1', ''))
assert.equal(await (await fetch(there)).text(), 'replaced')

const refused = await stranger.storage.getFile(id).catch((error) => error)
assert.equal(refused.status, 404)
assert.match(refused.message, /file not found/)

for (const one of [id, second.id]) assert.equal((await nhost.storage.deleteFile(one)).status, 204)
const gone = await nhost.storage.getFile(id).catch((error) => error)
assert.equal(gone.status, 404)
console.log('ok')
