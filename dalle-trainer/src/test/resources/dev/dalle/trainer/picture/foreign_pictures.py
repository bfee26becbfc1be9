# Makes the folder foreign: small picture files as other programs write them, the pixels that they must come out as, and
# cases.txt, which says what is expected of each. Made with Pillow 13.0, pypng 0.20220715, imagecodecs 2026.3, NumPy 2.4:
#   python foreign_pictures.py
# Expected pixels are what Pillow gives after ImageOps.exif_transpose, put on white where there is transparency. Where Pillow
# is wrong, or decided otherwise than we did, they are worked out here, with the reason.
import io
import os
import struct
import zlib

import imagecodecs
import numpy as np
import png
from PIL import Image, ImageCms, ImageOps

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'foreign')
os.makedirs(os.path.join(FOLDER, 'expected'), exist_ok=True)
cases = []
known = {}


def scene(h, w):
    """Smooth colours with an edge, [h, w, 3], 0 to 255, not rounded."""
    y, x = np.mgrid[0:h, 0:w] / max(h, w)
    planes = [128 + 90 * np.sin(3 * x + 2 * k + 1) * np.cos(4 * y - k) + 20 * (x > y) for k in range(3)]
    return np.clip(np.stack(planes, -1), 0, 255)


def bytes_of(a):
    return np.asarray(a).round().astype(np.uint8)


def on_white(image):
    rgba = np.asarray(image.convert('RGBA')).astype(float)
    alpha = rgba[..., 3:] / 255
    return rgba[..., :3] * alpha + 255 * (1 - alpha)


def pillow(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    image = ImageOps.exif_transpose(image)
    if image.mode in ('RGBA', 'LA', 'PA') or 'transparency' in image.info:
        return on_white(image)
    return np.asarray(image.convert('RGB')).astype(float)


def write(name, data):
    with open(os.path.join(FOLDER, name), 'wb') as f:
        f.write(data)


def read(name, data, expected=None, most=0, mean=0):
    """A file that must be read: no value off by more than most, all together by no more than mean."""
    write(name, data)
    pixels = bytes_of(pillow(data) if expected is None else expected)
    key = (pixels.shape, pixels.tobytes())
    if key not in known:
        known[key] = name + '.png'
        Image.fromarray(pixels).save(os.path.join(FOLDER, 'expected', known[key]), optimize=True)
    cases.append(f'read {name} {known[key]} {most} {mean}')


def refused(name, data, text):
    write(name, data)
    cases.append(f'refused {name} {text}')


def encoded(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


# ---- PNG: every colour type and depth, plain and interlaced, with and without transparency

H, W = 9, 13
colours = scene(H, W)
alpha = np.mgrid[0:H, 0:W][1] / (W - 1)
alpha[2] = 0
alpha[5] = 1


def png_file(rows, **options):
    out = io.BytesIO()
    png.Writer(W, H, **options).write(out, np.asarray(rows).reshape(H, -1).tolist())
    return out.getvalue()


def grey_pixels(values):
    return np.repeat(values[..., None], 3, 2)


for interlace in (False, True):
    # Interlaced only without transparency, to have fewer files.
    end = '-interlaced.png' if interlace else '.png'
    for depth in (1, 2, 4, 8, 16):
        top = 2 ** depth - 1
        grey = (colours[..., 0] / 255 * top).round().astype(int)
        hidden = int(grey[4, 4])
        truth = grey_pixels(grey / top * 255)
        options = dict(greyscale=True, bitdepth=depth, interlace=interlace)
        near = 1 if depth == 16 else 0
        read(f'grey-{depth}{end}', png_file(grey, **options), truth, near)
        if not interlace:
            # Pillow overlooks the hidden grey of 2 and 4 bits.
            truth = np.where(grey_pixels(grey) == hidden, 255, truth)
            read(f'grey-{depth}-hidden{end}', png_file(grey, transparent=hidden, **options), truth, near)
    for depth in (8, 16):
        top = 2 ** depth - 1
        near = 1 if depth == 16 else 0
        rgb = (colours / 255 * top).round().astype(int)
        a = (alpha * top).round().astype(int)
        over = lambda c: (c * a[..., None] / top + (top - a[..., None])) / top * 255
        options = dict(bitdepth=depth, interlace=interlace)
        read(f'rgb-{depth}{end}', png_file(rgb, greyscale=False, **options), rgb / top * 255, near)
        if interlace:
            continue
        hidden = tuple(int(v) for v in rgb[4, 4])
        # Pillow compares the hidden colour of 16 bits with samples cut to 8.
        read(f'rgb-{depth}-hidden{end}', png_file(rgb, greyscale=False, transparent=hidden, **options),
             np.where((rgb == hidden).all(-1, keepdims=True), 255, rgb / top * 255), near)
        read(f'rgba-{depth}{end}', png_file(np.dstack([rgb, a]), greyscale=False, alpha=True, **options), over(rgb), near)
        read(f'grey-alpha-{depth}{end}', png_file(np.dstack([rgb[..., 0], a]), greyscale=True, alpha=True, **options),
             grey_pixels(over(rgb[..., :1])[..., 0]), near)
    for depth in (1, 2, 4, 8):
        count = 2 ** depth
        entries = [tuple(int(v) for v in np.random.default_rng([depth, n]).integers(0, 256, 3)) for n in range(count)]
        index = (colours[..., 1] / 256 * count).astype(int)
        options = dict(bitdepth=depth, interlace=interlace)
        read(f'palette-{depth}{end}', png_file(index, palette=entries, **options))
        if interlace:
            continue
        clear = [c + (min(255, 255 * n // (count - 1)),) for n, c in enumerate(entries)]
        read(f'palette-{depth}-alpha{end}', png_file(index, palette=clear, **options))


def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))


def with_chunks(data, *chunks):
    return data[:33] + b''.join(chunks) + data[33:]


small = Image.fromarray(bytes_of(colours))
plain = encoded(small, 'PNG')
srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()


def exchanged(profile):
    """A profile whose red is blue: who applies it is found out."""
    out = bytearray(profile)
    for at in range(132, 132 + 12 * struct.unpack('>I', profile[128:132])[0], 12):
        name = {b'rXYZ': b'bXYZ', b'bXYZ': b'rXYZ'}.get(bytes(out[at:at + 4]))
        out[at:at + 4] = name or out[at:at + 4]
    return bytes(out)


odd = exchanged(srgb)
# The published preprocessing and the loaders of other trainers take the values as they are stored.
read('gamma.png', with_chunks(plain, chunk(b'gAMA', struct.pack('>I', 100000))))
read('grey-gamma.png', with_chunks(encoded(small.convert('L'), 'PNG'), chunk(b'gAMA', struct.pack('>I', 100000))))
read('profile-srgb.png', encoded(small, 'PNG', icc_profile=srgb))
read('profile-odd.png', encoded(small, 'PNG', icc_profile=odd))
read('profile-damaged.png', with_chunks(plain, chunk(b'iCCP', b'x\0\0' + zlib.compress(b'nonsense' * 9))))
read('animated.png', encoded(small, 'PNG', save_all=True, append_images=[ImageOps.flip(small)]))
read('really-png.gif', plain)

# ---- JPEG. The inverse cosine transform of another decoder may differ by a little.

photo = Image.fromarray(bytes_of(scene(29, 37)))
for name, subsampling in (('444', 0), ('422', 1), ('420', 2)):
    read(f'{name}.jpg', encoded(photo, 'JPEG', quality=92, subsampling=subsampling), most=3, mean=0.5)
    read(f'{name}-progressive.jpg', encoded(photo, 'JPEG', quality=92, subsampling=subsampling, progressive=True), most=3, mean=0.5)
read('poor.jpg', encoded(photo, 'JPEG', quality=10), most=3, mean=0.5)
read('restarts.jpg', encoded(photo, 'JPEG', quality=92, optimize=True, restart_marker_blocks=2), most=3, mean=0.5)
read('grey.jpg', encoded(photo.convert('L'), 'JPEG', quality=92), most=2, mean=0.5)
read('grey-progressive.jpg', encoded(photo.convert('L'), 'JPEG', quality=92, progressive=True), most=2, mean=0.5)
read('rgb.jpg', encoded(photo, 'JPEG', quality=92, keep_rgb=True), most=3, mean=0.5)
read('profile-srgb.jpg', encoded(photo, 'JPEG', quality=92, icc_profile=srgb), most=3, mean=0.5)
read('profile-odd.jpg', encoded(photo, 'JPEG', quality=92, icc_profile=odd), most=3, mean=0.5)
read('profile-damaged.jpg', encoded(photo, 'JPEG', quality=92, icc_profile=b'garbage' * 9), most=3, mean=0.5)
read('really-jpeg.png', encoded(photo, 'JPEG', quality=92), most=3, mean=0.5)
ordinary = encoded(photo, 'JPEG', quality=92)
read('bytes-after-end.jpg', ordinary + b'and some more \xff\xd8', most=3, mean=0.5)

inks = np.asarray(photo.convert('CMYK')).astype(int) - [30, 30, 30, -40]
inks = Image.fromarray(np.clip(inks, 0, 255).astype(np.uint8), 'CMYK')
cmyk = encoded(inks, 'JPEG', quality=95)
read('cmyk.jpg', cmyk, most=3, mean=1)
read('cmyk-progressive.jpg', encoded(inks, 'JPEG', quality=95, progressive=True), most=3, mean=1)
adobe = cmyk.index(b'\xff\xee')
read('cmyk-no-adobe-marker.jpg', cmyk[:adobe] + cmyk[adobe + 16:], most=3, mean=1)
read('ycck.jpg', imagecodecs.jpeg8_encode(np.asarray(inks), level=95, colorspace='CMYK', outcolorspace='YCCK'), most=4, mean=1)
read('ycck-420.jpg', imagecodecs.jpeg8_encode(np.asarray(inks), level=95, colorspace='CMYK', outcolorspace='YCCK', subsampling='420'),
     most=4, mean=1)


def ink_profile():
    """The smallest CMYK profile: no ink is black and all ink is white, so who applies it is found out."""
    corners = [(255 * (c + m + y + k) // 4, 128, 128) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    line = bytes(range(256))
    table = b'mft1\0\0\0\0' + bytes([4, 3, 2, 0]) + struct.pack('>9i', 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    table += line * 4 + b''.join(bytes(c) for c in corners) + line * 3
    text = b'text\0\0\0\0none\0'
    desc = b'desc\0\0\0\0' + struct.pack('>I', 4) + b'ink\0' + bytes(78)
    white = b'XYZ \0\0\0\0' + struct.pack('>3i', 63190, 65536, 54061)
    tags, body, at = b'', b'', 128 + 4 + 12 * 4
    for name, data in ((b'desc', desc), (b'cprt', text), (b'wtpt', white), (b'A2B0', table)):
        data += bytes(-len(data) % 4)
        tags += name + struct.pack('>2I', at + len(body), len(data))
        body += data
    head = struct.pack('>I4sI4s4s4s12s4s', at + len(body), b'none', 0x02200000, b'prtr', b'CMYK', b'Lab ', bytes(12), b'acsp')
    head += bytes(28) + struct.pack('>3i', 63190, 65536, 54061)
    return head + bytes(128 - len(head)) + struct.pack('>I', 4) + tags + body


read('cmyk-profile.jpg', encoded(inks, 'JPEG', quality=95, icc_profile=ink_profile()), most=3, mean=1)

# ---- Orientation, wherever a camera or a program writes it

for number in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = number
    read(f'orientation-{number}.png', encoded(small, 'PNG', exif=exif))
    read(f'orientation-{number}.webp', encoded(small, 'WEBP', lossless=True, exif=exif))
    read(f'orientation-{number}.jpg', encoded(photo, 'JPEG', quality=92, subsampling=0, exif=exif), most=3, mean=0.5)
turned = encoded(photo, 'JPEG', quality=92, subsampling=0, exif=exif)
read('orientation-fill-bytes.jpg', turned[:2] + b'\xff\xff\xff' + turned[2:], most=3, mean=0.5)


def exif_with_thumbnail(order, number):
    thumbnail = encoded(photo.crop((0, 0, 16, 16)), 'JPEG', quality=50)
    first = struct.pack(order + 'HHHIHHI', 1, 0x112, 3, 1, number, 0, 8 + 18)
    second = struct.pack(order + 'HHHIHHHHIIHHIII', 3, 0x103, 3, 1, 6, 0, 0x201, 4, 1, 8 + 18 + 42, 0x202, 4, 1, len(thumbnail), 0)
    return b'Exif\0\0' + (b'II*\0' if order == '<' else b'MM\0*') + struct.pack(order + 'I', 8) + first + second + thumbnail


for order, name in (('<', 'little'), ('>', 'big')):
    read(f'thumbnail-{name}.jpg', encoded(photo, 'JPEG', quality=92, exif=exif_with_thumbnail(order, 8)), most=3, mean=0.5)
one = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12'
read('orientation-long.jpg', encoded(photo, 'JPEG', quality=92, exif=one + b'\0\x04\0\0\0\x01\0\0\0\x06\0\0\0\0'), most=3, mean=0.5)
read('orientation-nine.jpg', encoded(photo, 'JPEG', quality=92, exif=one + b'\0\x03\0\0\0\x01\0\x09\0\0\0\0\0\0'), most=3, mean=0.5)

# ---- WebP. Lossy files keep a colour for 2 x 2 pixels; decoders may spread it over them differently, brightness is exact or nearly.

clear = Image.fromarray(np.dstack([bytes_of(scene(29, 37)), bytes_of(np.mgrid[0:29, 0:37][1] / 36 * 255)]))
noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (29, 37, 3), dtype=np.uint8))
read('lossless.webp', encoded(photo, 'WEBP', lossless=True))
read('lossless-noise.webp', encoded(noise, 'WEBP', lossless=True))
read('lossless-palette.webp', encoded(photo.quantize(7).convert('RGB'), 'WEBP', lossless=True))
read('lossless-alpha.webp', encoded(clear, 'WEBP', lossless=True, exact=True))
read('lossless-one-colour.webp', encoded(Image.new('RGB', (300, 200), (200, 10, 10)), 'WEBP', lossless=True))
read('profile-odd.webp', encoded(photo, 'WEBP', lossless=True, icc_profile=odd))
read('profile-damaged.webp', encoded(photo, 'WEBP', lossless=True, icc_profile=b'garbage' * 9))
read('profile-odd-alpha.webp', encoded(clear, 'WEBP', lossless=True, exact=True, icc_profile=odd))
for quality, method in ((50, 0), (50, 6), (80, 4), (100, 4)):
    read(f'lossy-{quality}-{method}.webp', encoded(photo, 'WEBP', quality=quality, method=method), most=24, mean=3)
    read(f'lossy-{quality}-{method}-grey.webp', encoded(photo.convert('L'), 'WEBP', quality=quality, method=method), most=6, mean=0.5)
read('lossy-alpha.webp', encoded(clear, 'WEBP', quality=90), most=12, mean=2)
read('lossy-alpha-poor.webp', encoded(clear, 'WEBP', quality=90, alpha_quality=30), most=12, mean=2)
read('animated.webp', encoded(clear, 'WEBP', save_all=True, append_images=[ImageOps.flip(clear)], lossless=True, exact=True))
read('animated-lossy.webp', encoded(photo, 'WEBP', save_all=True, append_images=[ImageOps.flip(photo)], quality=80), most=24, mean=3)


def webp(*chunks):
    body = b'WEBP' + b''.join(chunks)
    return b'RIFF' + struct.pack('<I', len(body)) + body


def riff(kind, data):
    return kind + struct.pack('<I', len(data)) + data + bytes(len(data) % 2)


def u24(*values):
    return b''.join(struct.pack('<I', v)[:3] for v in values)


part = photo.crop((0, 0, 20, 16))
part_chunk = encoded(part, 'WEBP', lossless=True)[12:]


def webp_frame(x, y, w, h):
    return riff(b'ANMF', u24(x // 2, y // 2, w - 1, h - 1, 100) + b'\x02' + part_chunk)


def canvas(h, w, y, x, pixels):
    """What no frame covers is transparent to a browser, so white here."""
    out = np.full((h, w, 3), 255.0)
    out[y:y + pixels.shape[0], x:x + pixels.shape[1]] = pixels
    return out


animation = riff(b'ANIM', b'\x10\x20\x30\xff\0\0')
for name, flags in (('', 0x02), ('-alpha', 0x12)):
    # Pillow gives black where an animation without transparency leaves its canvas uncovered.
    read(f'animated-beside{name}.webp',
         webp(riff(b'VP8X', bytes([flags, 0, 0, 0]) + u24(36, 28)), animation, webp_frame(10, 6, 20, 16), webp_frame(0, 0, 20, 16)),
         canvas(29, 37, 6, 10, np.asarray(part).astype(float)))
lossy_chunk = encoded(part, 'WEBP', quality=90)[12:]
refused('alpha-not-compressed.webp', webp(riff(b'VP8X', b'\x10\0\0\0' + u24(19, 15)), riff(b'ALPH', b'\0' + bytes(range(160)) * 2), lossy_chunk),
        'transparency that is not compressed')
half = encoded(noise, 'WEBP', lossless=True)[20:1500]
refused('half-of-the-data.webp', webp(riff(b'VP8L', half)), 'end early')
refused('two-sizes.webp', webp(riff(b'VP8X', bytes(4) + u24(1499, 1499)), part_chunk), '1500 x 1500')

# ---- GIF, also with what the encoder of Pillow never writes

read('plain.gif', encoded(photo.quantize(32), 'GIF'))
read('interlaced.gif', encoded(photo.quantize(32), 'GIF', interlace=1))
hidden = photo.quantize(32)
read('hidden.gif', encoded(hidden, 'GIF', transparency=int(np.asarray(hidden)[5, 5])))
read('animated.gif', encoded(photo.quantize(32), 'GIF', save_all=True, append_images=[ImageOps.flip(photo).quantize(32)]))


def lzw(values, bits=8):
    """Codes of one value each, started anew before their width would grow."""
    clear_code = 1 << bits
    codes = [clear_code]
    for n, v in enumerate(np.ravel(values)):
        if n and n % (clear_code - 2) == 0:
            codes.append(clear_code)
        codes.append(int(v))
    codes.append(clear_code + 1)
    total = sum(c << n * (bits + 1) for n, c in enumerate(codes))
    data = total.to_bytes((len(codes) * (bits + 1) + 7) // 8, 'little')
    return bytes([bits]) + b''.join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255)) + b'\0'


def table(entries):
    bits = max(0, (len(entries) - 1).bit_length() - 1)
    return 0x80 | bits, b''.join(bytes(e) for e in entries) + bytes(3 * ((2 << bits) - len(entries)))


def gif(width, height, frames, entries=None, version=b'GIF89a'):
    flags, data = table(entries) if entries else (0, b'')
    out = version + struct.pack('<HHBBB', width, height, flags | 0x70, 5 if entries else 0, 0) + data
    for frame in frames:
        if 'hidden' in frame:
            out += b'\x21\xf9\x04' + struct.pack('<BHBB', 1, 10, frame['hidden'], 0)
        flags, data = table(frame['entries']) if 'entries' in frame else (0, b'')
        h, w = frame['index'].shape
        out += b'\x2c' + struct.pack('<HHHHB', frame.get('x', 0), frame.get('y', 0), w, h, flags) + data + lzw(frame['index'])
    return out + b'\x3b'


random = np.random.default_rng(2)
few = [tuple(int(v) for v in random.integers(0, 256, 3)) for _ in range(64)]
many = [tuple(int(v) for v in random.integers(0, 256, 3)) for _ in range(256)]
index = random.integers(0, 64, (H, W))
wide = random.integers(0, 256, (H, W))
shown = np.asarray(few)[index].astype(float)
read('own-colours.gif', gif(W, H, [dict(index=wide, entries=many)], few))
read('only-own-colours.gif', gif(W, H, [dict(index=wide, entries=many)]))
read('old.gif', gif(W, H, [dict(index=index)], few, b'GIF87a'))
read('hidden-beyond-colours.gif', gif(W, H, [dict(index=index, hidden=200)], few))
# Where the first frame leaves the screen uncovered Pillow gives colour 0, browsers nothing.
read('beside.gif', gif(20, 15, [dict(index=index, x=5, y=3), dict(index=index)], few), canvas(15, 20, 3, 5, shown))
read('beside-hidden.gif', gif(20, 15, [dict(index=index, x=5, y=3, hidden=int(index[0, 0]))], few),
     canvas(15, 20, 3, 5, np.where(grey_pixels(index) == index[0, 0], 255, shown)))
read('over-the-edge.gif', gif(10, 8, [dict(index=index, x=3, y=4)], few), canvas(H + 4, W + 3, 4, 3, shown))
read('no-screen.gif', gif(0, 0, [dict(index=index)], few))
refused('no-colours.gif', gif(W, H, [dict(index=index)]), 'has no colour table')

# ---- Smallest and thinnest

for h, w in ((1, 1), (1, 700), (700, 1)):
    thin = Image.fromarray(bytes_of(scene(h, w)))
    read(f'{w}x{h}.png', encoded(thin, 'PNG'))
    read(f'{w}x{h}.gif', encoded(thin.quantize(16), 'GIF'))
    read(f'{w}x{h}.webp', encoded(thin, 'WEBP', lossless=True))
    read(f'{w}x{h}.jpg', encoded(thin, 'JPEG', quality=95, subsampling=0), most=3, mean=0.5)

# ---- No pictures, and pictures of formats that are not read

refused('empty.png', b'', 'an empty file')
refused('text.png', b'this is a text', 'text beginning "this is a text"')
refused('page.jpg', b'<!DOCTYPE html><title>404</title>', 'markup beginning "<!DOCTYPE html>')
for kind, name in (('BMP', 'BMP'), ('TIFF', 'TIFF'), ('AVIF', 'AVIF'), ('JPEG2000', 'JPEG 2000')):
    refused(f'{kind.lower()}.png', encoded(photo.resize((8, 6)), kind), f'of the format {name}, which is not read')
refused('heic.jpg', b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(30), 'of the format HEIC, which is not read')
refused('jxl.jpg', imagecodecs.jpegxl_encode(bytes_of(scene(6, 8))), 'of the format JPEG XL, which is not read')
refused('psd.png', b'8BPS\0\1' + bytes(20), 'of the format Photoshop, which is not read')
refused('svg.png', b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', 'markup beginning "<?xml')

# ---- Sizes that no file this short can have

dot = chunk(b'IDAT', zlib.compress(bytes(100))) + chunk(b'IEND', b'')


def huge_png(w, h, depth=8, kind=2):
    return plain[:8] + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, kind, 0, 0, 0)) + dot


for w, h in ((65535, 65535), (2 ** 31 - 1, 2 ** 31 - 1), (2 ** 31 - 1, 1), (16000, 16000)):
    refused(f'huge-{w}x{h}.png', huge_png(w, h), f'{w} x {h} pixels, more than')
refused('huge-2000x2000.png', huge_png(2000, 2000), '2000 x 2000 pixels, more than')
refused('huge-4294967295x4294967295.png', huge_png(2 ** 32 - 1, 2 ** 32 - 1), 'damaged')
refused('none-0x5.png', huge_png(0, 5), 'damaged')


def huge_jpeg(w, h, data):
    at = max(data.find(b'\xff\xc0'), data.find(b'\xff\xc2'))
    return data[:at + 5] + struct.pack('>HH', h, w) + data[at + 9:]


for w, h in ((65535, 65535), (12000, 12000), (2000, 2000)):
    refused(f'huge-{w}x{h}.jpg', huge_jpeg(w, h, ordinary), f'{w} x {h} pixels, more than')
    refused(f'huge-{w}x{h}-progressive.jpg', huge_jpeg(w, h, encoded(photo, 'JPEG', progressive=True)), f'{w} x {h} pixels, more than')
refused('none-0x5.jpg', huge_jpeg(0, 5, ordinary), 'damaged')


def huge_gif(screen, frame):
    data = bytearray(gif(W, H, [dict(index=index)], few))
    data[6:10] = struct.pack('<HH', *screen)
    at = 13 + 3 * len(few)
    data[at + 5:at + 9] = struct.pack('<HH', *frame)
    return bytes(data)


refused('huge-screen.gif', huge_gif((65535, 65535), (W, H)), '65535 x 65535 pixels, more than')
refused('huge-frame.gif', huge_gif((W, H), (65535, 65535)), '65535 x 65535 pixels, more than')
refused('huge-both.gif', huge_gif((12000, 12000), (12000, 12000)), '12000 x 12000 pixels, more than')

lossless = bytearray(encoded(photo, 'WEBP', lossless=True))
lossless[21:25] = struct.pack('<I', 0x3fff | 0x3fff << 14)
refused('huge-lossless.webp', bytes(lossless), '16384 x 16384 pixels, more than')
lossy = bytearray(encoded(photo, 'WEBP'))
at = lossy.index(b'\x9d\x01\x2a')
lossy[at + 3:at + 7] = struct.pack('<HH', 0x3fff, 0x3fff)
refused('huge-lossy.webp', bytes(lossy), '16383 x 16383 pixels, more than')
refused('huge-canvas.webp', webp(riff(b'VP8X', bytes(4) + u24(2 ** 24 - 1, 2 ** 24 - 1)), part_chunk), '16777216 x 16777216 pixels, more than')
refused('huge-animation.webp', webp(riff(b'VP8X', b'\x02\0\0\0' + u24(2 ** 24 - 1, 2 ** 24 - 1)), animation, webp_frame(0, 0, 20, 16)),
        '16777216 x 16777216 pixels, more than')
refused('huge-frame.webp', webp(riff(b'VP8X', b'\x02\0\0\0' + u24(36, 28)), animation, webp_frame(0, 0, 2 ** 24, 2 ** 24)),
        '16777216 x 16777216 pixels, more than')

with open(os.path.join(FOLDER, 'cases.txt'), 'w') as f:
    f.write('# Made by foreign_pictures.py. "read": file, expected pixels, most that a value may be off, and on average;\n')
    f.write('# "refused": file, and what the error says.\n')
    f.write('\n'.join(cases) + '\n')
