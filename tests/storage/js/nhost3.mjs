// The life of a file through @nhost/nhost-js 3: node nhost3.mjs STORAGE_URL ADMIN_SECRET PUBLIC_URL
import assert from 'node:assert/strict'
import { NhostClient } from '@nhost/nhost-js'

const [storageUrl, adminSecret, publicUrl] = process.argv.slice(2)
const unused = 'http://127.0.0.1:9'
const urls = { authUrl: unused, graphqlUrl: unused, functionsUrl: unused, storageUrl }
const nhost = new NhostClient({ ...urls, adminSecret, start: false, autoSignIn: false, autoRefreshToken: false })

const id = crypto.randomUUID()
const file = new File(['0123456789'], 'a.txt', { type: 'text/plain' })
const one = await nhost.storage.upload({ file, id, name: 'größe.txt', bucketId: 'default' })
assert.equal(one.error, null)
assert.deepEqual([one.fileMetadata.id, one.fileMetadata.name, one.fileMetadata.size], [id, 'größe.txt', 10])

const plain = await nhost.storage.upload({ file })
assert.equal(plain.fileMetadata.name, 'a.txt')

const form = new FormData()
form.append('file[]', file)
form.append('file[]', new File(['two'], 'b.txt'))
const several = await nhost.storage.upload({ formData: form, bucketId: 'open' })
assert.deepEqual(several.fileMetadata.processedFiles.map((each) => each.bucketId), ['open', 'open'])

const publicFile = several.fileMetadata.processedFiles[0].id
assert.equal(await (await fetch(nhost.storage.getPublicUrl({ fileId: publicFile }))).text(), '0123456789')

const download = await nhost.storage.download({ fileId: id })
assert.equal(download.error, null)
assert.equal(await download.file.text(), '0123456789')

const { presignedUrl } = await nhost.storage.getPresignedUrl({ fileId: id })
assert.equal(presignedUrl.expiration, 30)
const there = presignedUrl.url.replace(publicUrl, storageUrl.replace('/v1', ''))
assert.equal(await (await fetch(there)).text(), '0123456789')

const twice = await nhost.storage.upload({ file, id })
assert.equal(twice.error.status, 400)
assert.match(twice.error.message, /duplicate key|Uniqueness violation/)

for (const each of [id, plain.fileMetadata.id]) {
  assert.equal((await nhost.storage.delete({ fileId: each })).error, null)
}
const gone = await nhost.storage.getPresignedUrl({ fileId: id })
assert.match(gone.error.message, /file not found/)
console.log('ok')
process.exit(0)
