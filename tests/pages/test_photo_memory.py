"""A phone with little memory: of many photos that are chosen at once, one is decoded at a time."""

from pathlib import Path

from playwright.sync_api import BrowserContext, expect

from meetingcheck.photos.models import Purpose
from tests.engines.browser import wait_for
from tests.pages.phone import (
    Cell,
    arrived,
    fill,
    open_form,
    press_send,
)
from tests.photos import samples

PHOTOS = 5
# Counts the pictures of more than half a megapixel that the page holds decoded, as images and as canvases, and keeps
# the most of each. An image is decoded from its `decode` until it gets another address.
COUNT = """() => {
  const held = { images: new Set(), canvases: new Set() };
  window.most = { images: 0, canvases: 0, decoded: 0 };
  const large = one => (one.naturalWidth || one.width) * (one.naturalHeight || one.height) > 500_000;
  const look = () => {
    for (const kind of ['images', 'canvases']) {
      window.most[kind] = Math.max(window.most[kind], [...held[kind]].filter(large).length);
    }
  };
  const decode = HTMLImageElement.prototype.decode;
  HTMLImageElement.prototype.decode = function () {
    return decode.call(this).then(() => { held.images.add(this); window.most.decoded += 1; look(); });
  };
  const address = Object.getOwnPropertyDescriptor(HTMLImageElement.prototype, 'src');
  Object.defineProperty(HTMLImageElement.prototype, 'src', {
    ...address,
    set(value) { held.images.delete(this); address.set.call(this, value); },
  });
  const bitmap = window.createImageBitmap;
  window.createImageBitmap = async (...all) => {
    const made = await bitmap(...all);
    held.images.add(made);
    look();
    return made;
  };
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...all) {
    held.canvases.add(this.canvas);
    look();
    return draw.apply(this, all);
  };
}"""


def test_of_five_large_photos_one_is_decoded_at_a_time_and_each_gets_the_size_of_its_purpose(
    phone: BrowserContext,
    cell: Cell,
    tmp_path: Path,
) -> None:
    picture = samples.room(4000, 3000, 200, 40.0)  # 12 megapixels
    photos = [tmp_path / f"IMG_{number}.jpg" for number in range(PHOTOS)]
    photos[0].write_bytes(samples.jpeg(picture.rotate(90, expand=True), quality=90, subsampling=2))
    for number in range(1, PHOTOS):
        picture.paste("white", (0, 0, 200 * number, 200))
        photos[number].write_bytes(samples.jpeg(picture, quality=90, subsampling=2))
    phone.add_init_script(f"({COUNT})()")
    page = open_form(phone, cell)
    fill(page)
    page.set_input_files("#minutes_pages", photos[0])
    page.set_input_files("#overview", photos[1:])
    expect(page.locator(".tile img")).to_have_count(PHOTOS, timeout=60_000)
    assert page.evaluate("most") == {"images": 1, "canvases": 1, "decoded": PHOTOS}
    wait_for(page, "[...document.querySelectorAll('.tile img')].every(one => one.naturalWidth > 0)")
    shown = page.evaluate(
        "[...document.querySelectorAll('.tile img')].map(one => one.naturalWidth * one.naturalHeight)"
    )
    assert max(shown) <= 240 * 240, "what the page shows is small"
    arrived(page, PHOTOS)
    press_send(page)
    expect(page.get_by_role("status").first).to_contain_text(f"Hệ thống đã lưu đủ báo cáo và {PHOTOS} ảnh")
    sizes = {(photo.purpose, photo.width, photo.height) for photo, _ in cell.stored()}
    assert sizes == {(Purpose.OVERVIEW, 2048, 1536), (Purpose.MINUTES_PAGE, 1920, 2560)}
