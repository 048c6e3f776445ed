document.currentScript?.dispatchEvent(new Event("chunk"));
