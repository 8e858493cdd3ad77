"use strict";
// From disk, the excerpts below search results cannot be read, and the browser complains of each.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object")
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

// What scrolls sideways in this window can be reached and scrolled with the keyboard; what fits is no stop.
function markScrolling() {
  for (const part of document.querySelectorAll("article pre, .output.text_html, .table-wrapper, math[display=block]")) {
    if (part.scrollWidth > part.clientWidth + 1) part.setAttribute("tabindex", "0");
    else part.removeAttribute("tabindex");
  }
}
addEventListener("load", markScrolling);
addEventListener("resize", markScrolling);
