"""The shapes of the icons: for each the inside of an SVG on a grid of 24 × 24, drawn for this program.

Paths are stroked with round ends; ``currentColor`` marks the few filled parts.
"""

from __future__ import annotations

DRAWINGS: dict[str, str] = {
    "compose": '<path d="M3.5 7H13M18.5 7h2M16 4.5v5M3.5 12H20.5M3.5 17h4M12.5 17h8M10 14.5v5"/>',
    "runs": '<path d="M3.5 20.5h17M4 16.5l5-5.5 3.5 3L20 5M15.6 5H20v4.4"/>',
    "table": '<rect x="3" y="5" width="18" height="14" rx="1.5"/><path d="M3 9.5h18M9 9.5V19M9 14.2h12"/>',
    "compare": '<path d="M5 20v-7M12 20V4M19 20V9"/>',
    "explore": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 20.5 20.5"/>',
    "export": (
        '<path d="M12 15.5V3.5M7.5 8 12 3.5 16.5 8M4 14.5v4.2A1.8 1.8 0 0 0 5.8 20.5h12.4a1.8 1.8 0 0 0 1.8-1.8v-4.2"/>'
    ),
    "import": (
        '<path d="M12 3.5v12M7.5 11l4.5 4.5 4.5-4.5M4 14.5v4.2A1.8 1.8 0 0 0 5.8 20.5h12.4a1.8 1.8 0 0 0 1.8-'
        '1.8v-4.2"/>'
    ),
    "play": '<path d="M7.5 4.8v14.4L19 12Z"/>',
    "stop": '<rect x="6" y="6" width="12" height="12" rx="2"/>',
    "pause": '<path d="M8.5 5.5v13M15.5 5.5v13"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "minus": '<path d="M5 12h14"/>',
    "check": '<path d="M4.5 12.5 10 18 20 6.5"/>',
    "close": '<path d="M6 6l12 12M18 6 6 18"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5 20.5 20.5"/>',
    "filter": '<path d="M4 6h16M7 12h10M10 18h4"/>',
    "settings": (
        '<circle cx="12" cy="12" r="3.2"/><path d="M12 2.8v2.9M12 18.3v2.9M2.8 12h2.9M18.3 12h2.9M5.5 5.5l2 2'
        'M16.5 16.5l2 2M18.5 5.5l-2 2M7.5 16.5l-2 2"/>'
    ),
    "more": (
        '<g fill="currentColor" stroke="none"><circle cx="5.5" cy="12" r="1.7"/><circle cx="12" cy="12" r="1.'
        '7"/><circle cx="18.5" cy="12" r="1.7"/></g>'
    ),
    "down": '<path d="M6 9.5l6 6 6-6"/>',
    "up": '<path d="M6 15l6-6 6 6"/>',
    "right": '<path d="M9.5 6l6 6-6 6"/>',
    "left": '<path d="M14.5 6l-6 6 6 6"/>',
    "reset": '<path d="M4.5 4.5v5.2h5.2M5 9.5A8 8 0 1 1 4 13.5"/>',
    "copy": (
        '<rect x="8.5" y="8.5" width="12" height="12" rx="2"/><path d="M15.5 8.5V5.3a1.8 1.8 0 0 0-1.8-1.8'
        'H5.3a1.8 1.8 0 0 0-1.8 1.8v8.4a1.8 1.8 0 0 0 1.8 1.8h3.2"/>'
    ),
    "edit": '<path d="M4 20l.8-4L16 4.8a1.7 1.7 0 0 1 2.4 0l.8.8a1.7 1.7 0 0 1 0 2.4L8 19.2ZM14 6.8 17.2 10"/>',
    "trash": (
        '<path d="M4 6.5h16M9 6.5V4.3h6v2.2M6 6.5l.9 13a1.2 1.2 0 0 0 1.2 1h7.8a1.2 1.2 0 0 0 1.2-1l.9-13'
        'M10 10.5v6M14 10.5v6"/>'
    ),
    "folder": (
        '<path d="M3.5 18V6a1.5 1.5 0 0 1 1.5-1.5h4.3l2.2 2.6H19A1.5 1.5 0 0 1 20.5 8.6V18a1.5 1.5 0 0 1-1.5 '
        '1.5H5A1.5 1.5 0 0 1 3.5 18Z"/>'
    ),
    "file": (
        '<path d="M6.8 3.5h7l5 5v10.2a1.8 1.8 0 0 1-1.8 1.8H6.8A1.8 1.8 0 0 1 5 18.7V5.3a1.8 1.8 0 0 1 1.8-1.'
        '8ZM13.5 3.7v5.1h5.1"/>'
    ),
    "save": (
        '<path d="M4 5.5A1.5 1.5 0 0 1 5.5 4h10.8L20 7.7v10.8a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 18.5Z'
        'M8 4v5h7V4M7.5 20v-6.5h9V20"/>'
    ),
    "info": '<circle cx="12" cy="12" r="8.7"/><path d="M12 11v5.5M12 7.5v.2"/>',
    "warning": '<path d="M12 4 2.8 19.8h18.4ZM12 10v4.5M12 17.2v.2"/>',
    "error": '<circle cx="12" cy="12" r="8.7"/><path d="M9 9l6 6M15 9l-6 6"/>',
    "success": '<circle cx="12" cy="12" r="8.7"/><path d="M8 12.4l2.8 2.8L16 9.4"/>',
    "log": '<rect x="3" y="4.5" width="18" height="15" rx="2"/><path d="M7 9.5l3 2.7-3 2.7M12.5 15.5H17"/>',
    "queue": '<path d="M4 6.5h16M4 12h10M4 17.5h10M17.5 12.5v6.5M14.8 15.8h5.6"/>',
    "clock": '<circle cx="12" cy="12" r="8.7"/><path d="M12 7v5.2l3.5 2"/>',
    "device": (
        '<rect x="6.5" y="6.5" width="11" height="11" rx="1.8"/><path d="M10 2.8v3.7M14 2.8v3.7M10 17.5v3.7'
        'M14 17.5v3.7M2.8 10h3.7M2.8 14h3.7M17.5 10h3.7M17.5 14h3.7"/>'
    ),
    "teacher": (
        '<path d="M2.5 9.5 12 5l9.5 4.5L12 14ZM6.5 11.6v4.6c0 1.3 2.5 2.6 5.5 2.6s5.5-1.3 5.5-2.6v-4.6M21.5 9.5v5"/>'
    ),
    "student": '<circle cx="12" cy="8" r="3.8"/><path d="M4.5 20c.5-4 3.5-6 7.5-6s7 2 7.5 6"/>',
    "sample": (
        '<path d="M9.5 3.5h5M10.5 3.5v6L5 18.3a1.5 1.5 0 0 0 1.3 2.2h11.4a1.5 1.5 0 0 0 1.3-2.2L13.5 9.5v-6'
        'M7.8 14.5h8.4"/>'
    ),
    "star": '<path d="M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8Z"/>',
    "flag": '<path d="M5.5 21V4M5.5 4.5h12l-2.3 4 2.3 4h-12"/>',
    "pin": '<path d="M9 3.5h6M10 3.5v6L6.8 13.5h10.4L14 9.5v-6M12 13.5v7"/>',
    "eye": (
        '<path d="M2.8 12C5 8 8.2 6 12 6s7 2 9.2 6c-2.2 4-5.4 6-9.2 6s-7-2-9.2-6Z"/><circle cx="12" cy="12" r="2.8"/>'
    ),
    "link": (
        '<path d="M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 '
        '0 0 0 5.7 5.7L12 17.7"/>'
    ),
    "note": (
        '<path d="M4.5 5.5A1.5 1.5 0 0 1 6 4h12a1.5 1.5 0 0 1 1.5 1.5v9L14 20H6a1.5 1.5 0 0 1-1.5-1.5ZM14 20v'
        '-5.5h5.5M8 8.5h8M8 12h5"/>'
    ),
    "sun": (
        '<circle cx="12" cy="12" r="4"/><path d="M12 2.8v2M12 19.2v2M2.8 12h2M19.2 12h2M5.5 5.5l1.4 1.4'
        'M17.1 17.1l1.4 1.4M18.5 5.5l-1.4 1.4M6.9 17.1l-1.4 1.4"/>'
    ),
    "moon": '<path d="M20 14.2A8.2 8.2 0 0 1 9.8 4 8.2 8.2 0 1 0 20 14.2Z"/>',
    "screen": '<rect x="3" y="4.5" width="18" height="12" rx="1.8"/><path d="M9 20h6M12 16.5V20"/>',
}
